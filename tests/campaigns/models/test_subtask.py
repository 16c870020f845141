"""Which SubTasks may be sent now, and which hand-overs in doubt may be repeated now."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from campaigns.models import SubTask, TaskStatus
from dispatch.models import EmailService
from tests.factories import (
    ContentFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    in_doubt,
)

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def ago(**duration: float) -> Any:
    return Now() - dt.timedelta(**duration)


class TestClaimable:
    def test_the_longest_available_comes_first_and_of_the_same_time_the_oldest(self) -> None:
        task = SendingTaskFactory()
        content = ContentFactory(task=task)
        late, first, second, third = SubTaskFactory.create_batch(
            4, task=task, content=content, available_at=NOON
        )
        SubTask.objects.filter(pk=late.pk).update(available_at=NOON + dt.timedelta(hours=1))
        for row in (third, second, first):  # the order in which they lie in the table
            SubTask.objects.filter(pk=row.pk).update(error="written again")
        with connection.cursor() as cursor:  # the index of claims has the order by itself
            cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
        served = SubTask.objects.claimable(task.pk).values_list("pk", flat=True)
        assert list(served) == [first.pk, second.pk, third.pk, late.pk]


class TestRepeatable:
    @pytest.fixture
    def service(self) -> EmailService:
        return connected_long_ago()

    def test_one_in_doubt_for_as_long_as_the_pause(self, service: EmailService) -> None:
        found = doubted(service)
        assert repeatable(service) == [found.pk]

    def test_one_whose_outcome_is_known_is_not(self, service: EmailService) -> None:
        SubTaskFactory(status="sent", service=service, sending_at=ago(minutes=2))
        assert repeatable(service) == []

    def test_one_of_another_service_is_not(self, service: EmailService) -> None:
        doubted(connected_long_ago())
        assert repeatable(service) == []

    def test_one_of_a_task_that_is_not_being_sent_is_not(self, service: EmailService) -> None:
        doubted(service, task=SendingTaskFactory(status=TaskStatus.PAUSED))
        assert repeatable(service) == []

    def test_one_handed_over_before_the_window_is_not(self, service: EmailService) -> None:
        doubted(service, sending_at=ago(hours=25), in_doubt_since=ago(hours=24.9))
        assert repeatable(service) == []

    @pytest.mark.parametrize("seconds_later", [0, 1])
    def test_one_whose_service_connects_otherwise_since_then_is_not(
        self, seconds_later: int
    ) -> None:
        handed_over = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=2)
        changed = handed_over + dt.timedelta(seconds=seconds_later)
        service = connected_long_ago()
        EmailService.objects.filter(pk=service.pk).update(connection_changed_at=changed)
        doubted(service, sending_at=handed_over)
        assert repeatable(service) == []

    def test_one_that_is_in_doubt_for_less_than_half_a_minute_is_not(
        self, service: EmailService
    ) -> None:
        doubted(service, sending_at=ago(seconds=21), in_doubt_since=ago(seconds=20))
        assert repeatable(service) == []

    def test_the_pause_is_as_long_as_the_doubt_has_lasted(self, service: EmailService) -> None:
        doubted(service, sending_at=ago(minutes=90), in_doubt_since=ago(minutes=40))
        over = doubted(service, sending_at=ago(minutes=90), in_doubt_since=ago(minutes=50))
        assert repeatable(service) == [over.pk]

    def test_the_first_handed_over_comes_first_and_of_the_same_time_the_oldest(
        self, service: EmailService
    ) -> None:
        noon = dt.datetime.now(dt.UTC) - dt.timedelta(hours=3)
        rows = [doubted(service, sending_at=noon, in_doubt_since=noon) for _ in range(3)]
        early = doubted(service, sending_at=noon - DAY / 12, in_doubt_since=noon)
        for row in reversed(rows):  # the order in which they lie in the table
            SubTask.objects.filter(pk=row.pk).update(error="written again")
        assert repeatable(service) == [early.pk, *[row.pk for row in rows]]


def connected_long_ago() -> EmailService:
    service = EmailServiceFactory()
    EmailService.objects.filter(pk=service.pk).update(connection_changed_at=ago(days=9))
    return service


def doubted(service: EmailService, **values: Any) -> SubTask:
    """A SubTask whose hand-over may be repeated, but for these values."""
    found = in_doubt(service, **{k: v for k, v in values.items() if k == "task"})
    SubTask.objects.filter(pk=found.pk).update(
        sending_at=values.get("sending_at", ago(minutes=2)),
        in_doubt_since=values.get("in_doubt_since", ago(minutes=1.5)),
    )
    return found


def repeatable(service: EmailService) -> list[int]:
    return list(SubTask.objects.repeatable([service.pk], DAY).values_list("pk", flat=True))
