from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now

from campaigns.models import FailureReason, SubTask, SubTaskStatus, Suppression, Task
from campaigns.state import states
from dispatch.claiming import claims
from tests.concurrency import running, second_connection
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> Task:
    return SendingTaskFactory()


def pending(task: Task, messages: int, **kwargs: Any) -> list[int]:
    rows = SubTaskFactory.create_batch(
        messages, task=task, content=ContentFactory(task=task), **kwargs
    )
    return [row.pk for row in rows]


def claim(task: Task, limit: int) -> list[int]:
    return [found.id for found in claims.lock_claimable(task.pk, limit)]


def failed(reason: str) -> set[int]:
    return set(SubTask.objects.filter(failure_reason=reason).values_list("pk", flat=True))


def test_the_longest_available_are_claimed_first(task: Task) -> None:
    later = pending(task, 1, available_at=Now() - dt.timedelta(seconds=1))
    first = pending(task, 1, available_at=Now() - dt.timedelta(seconds=9))
    assert claim(task, 5) == first + later


def test_what_is_available_later_is_not_claimed(task: Task) -> None:
    pending(task, 1, available_at=Now() + dt.timedelta(minutes=1))
    assert claim(task, 5) == []


def test_another_tasks_subtasks_are_not_claimed(task: Task) -> None:
    pending(SendingTaskFactory(), 3)
    assert claim(task, 5) == []


def test_only_pending_ones_are_claimed(task: Task) -> None:
    pending(task, 1, status="sent", service=EmailServiceFactory())
    pending(task, 1, status="failed", failure_reason="invalid")
    assert claim(task, 5) == []


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_never_more_than_the_limit(task: Task, limit: int) -> None:
    ids = pending(task, 4)
    assert claim(task, limit) == ids[:limit]


def test_what_is_taken_belongs_to_its_service_and_dispatcher_under_the_token(task: Task) -> None:
    first, second = pending(task, 2)
    services, dispatcher, token = (
        EmailServiceFactory.create_batch(2),
        DispatcherFactory(),
        uuid.uuid4(),
    )

    claims.take(
        zip(claims.lock_claimable(task.pk, 2), [s.pk for s in services], strict=True),
        token,
        dispatcher.pk,
    )

    rows = SubTask.objects.order_by("pk").values_list(
        "pk", "status", "service", "dispatcher_id", "claim_token"
    )
    assert list(rows) == [
        (first, SubTaskStatus.ALLOCATED, services[0].pk, dispatcher.pk, token),
        (second, SubTaskStatus.ALLOCATED, services[1].pk, dispatcher.pk, token),
    ]


def test_what_is_not_pending_any_more_cannot_be_taken_and_undoes_the_claim(task: Task) -> None:
    kept, lost = pending(task, 2)
    found = claims.lock_claimable(task.pk, 2)
    SubTask.objects.filter(pk=lost).update(status=SubTaskStatus.FAILED, failure_reason="invalid")

    with pytest.raises(states.NotAsLocked, match="1 of 2"), transaction.atomic():
        claims.take([(claim, EmailServiceFactory().pk) for claim in found], uuid.uuid4(), 1)

    assert SubTask.objects.get(pk=kept).status == SubTaskStatus.PENDING


class TestSuppressedAddresses:
    """They fail in the claim, and others are taken in their place."""

    @pytest.mark.parametrize("listed", ["gone@example.com", "@example.com"])
    def test_an_address_or_its_whole_domain(self, task: Task, listed: str) -> None:
        gone = pending(task, 1, recipient_email="gone@example.com")
        kept = pending(task, 1, recipient_email="kept@example.org")
        Suppression.objects.create(email=listed)

        assert claim(task, 1) == kept
        assert failed(FailureReason.SUPPRESSED) == set(gone)

    def test_a_domain_is_not_its_subdomains(self, task: Task) -> None:
        kept = pending(task, 1, recipient_email="kept@mail.example.com")
        Suppression.objects.create(email="@example.com")
        assert claim(task, 1) == kept

    def test_the_limit_is_reached_and_not_exceeded_whatever_is_suppressed(self, task: Task) -> None:
        ids = pending(task, 12)
        for pk in (ids[0], ids[2], ids[3], ids[7]):
            Suppression.objects.create(email=SubTask.objects.get(pk=pk).recipient_email)

        assert claim(task, 3) == [ids[1], ids[4], ids[5]]

    def test_what_is_not_claimed_is_left_as_it_was(self, task: Task) -> None:
        ids = pending(task, 6)
        Suppression.objects.create(email=SubTask.objects.get(pk=ids[0]).recipient_email)

        claimed = claim(task, 2)

        left = set(SubTask.objects.filter(status="pending").values_list("pk", flat=True))
        assert left == set(ids[1:])
        assert set(claimed) < left

    def test_those_nobody_may_be_mailed_at_all_leave_nothing_to_claim(self, task: Task) -> None:
        ids = pending(task, 5)
        Suppression.objects.create(email="@example.com")
        assert claim(task, 2) == []
        assert failed(FailureReason.SUPPRESSED) == set(ids)

    def test_so_many_that_they_would_hold_up_the_tick_are_left_to_the_next_claims(
        self, task: Task, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(claims, "STEP", 3)
        monkeypatch.setattr(claims, "MOST_LOOKED_AT", 4)
        suppressed = pending(task, 20)
        kept = pending(task, 1, recipient_email="kept@example.org")
        Suppression.objects.create(email="@example.com")

        assert claim(task, 1) == []
        assert len(failed(FailureReason.SUPPRESSED)) == 7

        assert [claim(task, 1) for _ in range(2)] == [[], kept]
        assert failed(FailureReason.SUPPRESSED) == set(suppressed)

    def test_a_claim_that_has_looked_at_its_most_looks_no_further(
        self, task: Task, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(claims, "STEP", 4)
        monkeypatch.setattr(claims, "MOST_LOOKED_AT", 4)
        pending(task, 20)
        Suppression.objects.create(email="@example.com")

        assert claim(task, 1) == []
        assert len(failed(FailureReason.SUPPRESSED)) == 5


@pytest.mark.django_db(transaction=True)
def test_what_somebody_else_has_locked_is_passed_over_without_waiting(task: Task) -> None:
    ids = pending(task, 3)
    with second_connection() as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM campaigns_subtask WHERE id = %s FOR UPDATE", [ids[0]])

        with transaction.atomic():
            assert claim(task, 2) == ids[1:]


@pytest.mark.django_db(transaction=True)
def test_two_claims_at_the_same_time_share_what_there_is(task: Task) -> None:
    ids = pending(task, 4)

    def other() -> list[int]:
        with transaction.atomic():
            return claim(task, 4)

    with transaction.atomic():
        mine = claim(task, 3)
        with running(other) as others:
            assert others.result(10) == ids[3:]
    assert mine == ids[:3]
