"""What the services of one tick are granted together."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models.functions import Now

from campaigns.models import SubTask, Task
from dispatch.engine import tick
from dispatch.limits import Limits
from dispatch.models import EmailService, Pace, Turn
from dispatch.pace.gate import Gate
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    in_doubt,
)

pytestmark = pytest.mark.django_db


def launched(messages: int) -> Task:
    task: Task = SendingTaskFactory()
    SubTaskFactory.create_batch(messages, task=task, content=ContentFactory(task=task))
    return task


def granted(capacity: dict[EmailService, int]) -> tick.TickResult:
    services = list(capacity)
    return tick.run(
        tick.TickRequest(
            DispatcherFactory().pk,
            gates={service.pk: Gate(service.limits) for service in services},
            capacity={service.pk: messages for service, messages in capacity.items()},
            lanes={service.pk: 1 for service in services},
        )
    )


def messages(result: tick.TickResult) -> dict[int, int]:
    """How many messages each service may start."""
    return {deliveries[0].grant.service_id: len(deliveries) for deliveries in result.granted}


@pytest.fixture
def services() -> list[EmailService]:
    made: list[EmailService] = EmailServiceFactory.create_batch(2, max_connections=100)
    return made


class TestAServiceThatMayStartNothing:
    """Does not keep the next one from it."""

    def test_because_it_is_frozen(self, services: list[EmailService]) -> None:
        launched(4)
        Pace.objects.filter(service=services[0]).update(frozen_until=Now() + dt.timedelta(hours=1))
        assert messages(granted({services[0]: 2, services[1]: 2})) == {services[1].pk: 2}

    def test_because_it_has_no_room(self, services: list[EmailService]) -> None:
        launched(4)
        assert messages(granted({services[0]: 0, services[1]: 2})) == {services[1].pk: 2}

    def test_because_its_limits_were_changed(self, services: list[EmailService]) -> None:
        launched(4)
        before = Limits(dt.timedelta(0), since=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        result = tick.run(
            tick.TickRequest(
                DispatcherFactory().pk,
                gates={
                    services[0].pk: Gate(before),
                    services[1].pk: Gate(services[1].limits),
                },
                capacity={service.pk: 2 for service in services},
                lanes={service.pk: 1 for service in services},
            )
        )
        assert messages(result) == {services[1].pk: 2}


def test_a_service_that_wants_less_does_not_end_what_others_get(
    services: list[EmailService],
) -> None:
    launched(4)
    assert messages(granted({services[0]: 1, services[1]: 3})) == {
        services[0].pk: 1,
        services[1].pk: 3,
    }


def test_a_task_that_had_all_that_was_asked_for_is_not_exhausted(
    services: list[EmailService],
) -> None:
    task = launched(3)
    assert granted({services[0]: 2}).exhausted_tasks == set()
    assert granted({services[0]: 2}).exhausted_tasks == {task.pk}


def test_only_a_service_whose_provider_de_duplicates_is_granted_its_hand_over_in_doubt() -> None:
    repeats, forgets = EmailServiceFactory(provider="resend"), EmailServiceFactory(provider="smtp")
    minute = dt.timedelta(minutes=1)
    EmailService.objects.update(connection_changed_at=Now() - 9 * minute)
    doubts = {service.pk: in_doubt(service).pk for service in (repeats, forgets)}
    SubTask.objects.update(sending_at=Now() - 3 * minute, in_doubt_since=Now() - 2 * minute)

    found = granted({repeats: 2, forgets: 2}).granted

    claims = {(d.grant.service_id, d.claim.id) for deliveries in found for d in deliveries}
    assert claims == {(repeats.pk, doubts[repeats.pk])}


def test_a_service_without_a_choice_takes_no_turn(services: list[EmailService]) -> None:
    launched(3)
    granted({services[0]: 2})
    assert not Turn.objects.exists()


def test_each_message_starts_with_its_own_content_in_the_period_of_its_grant() -> None:
    service = EmailServiceFactory(daily_quota=10, max_connections=100)
    task = launched(2)
    (deliveries,) = granted({service: 2}).granted
    assert {delivery.content.pk for delivery in deliveries} == {task.contents.get().pk}
    start, end = service.limits.period(deliveries[0].slot)
    assert (deliveries[0].grant.period_start, deliveries[0].grant.period_end) == (start, end)
    assert len({delivery.claim.id for delivery in deliveries}) == 2
