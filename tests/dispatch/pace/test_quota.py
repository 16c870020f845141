"""The daily quota: charged with the claim, by the boundaries of the service's own day."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now

from campaigns.state.states import NotAsLocked
from dispatch.engine import tick
from dispatch.limits import Limits
from dispatch.models import EmailService, Pace
from dispatch.pace import pace_rows
from dispatch.pace.gate import Gate
from dispatch.pace.pace_rows import PaceChanges
from tests.factories import (
    DispatcherFactory,
    EmailServiceFactory,
    sending_task,
)

BERLIN = Limits(dt.timedelta(0), daily_quota=10, time_zone="Europe/Berlin")
SECOND = dt.timedelta(seconds=1)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


class TestThePeriod:
    @pytest.mark.parametrize(
        ("reset", "boundary"),
        [
            (dt.time(0), "2026-01-14T23:00"),
            (dt.time(0), "2026-07-14T22:00"),
            (dt.time(0), "2026-03-28T23:00"),  # the day that lasts 23 hours
            (dt.time(0), "2026-03-29T22:00"),
            (dt.time(0), "2026-10-24T22:00"),  # the day that lasts 25 hours
            (dt.time(0), "2026-10-25T23:00"),
            (
                dt.time(2, 30),
                "2026-03-29T01:30",
            ),  # 02:30 is skipped: as long after midnight as ever
            (dt.time(2, 30), "2026-10-25T00:30"),  # 02:30 comes twice: the first counts
            (dt.time(12), "2026-03-29T10:00"),
        ],
    )
    def test_it_begins_at_the_boundary_in_the_services_time_zone(
        self, reset: dt.time, boundary: str
    ) -> None:
        limits = Limits(
            BERLIN.interval, daily_quota=10, reset_time=reset, time_zone="Europe/Berlin"
        )
        pace = Pace()
        pace_rows.charge(pace, limits, at(boundary) - SECOND, 10)

        assert pace_rows.quota_left(pace, limits, at(boundary) - SECOND) == 0
        assert pace_rows.quota_left(pace, limits, at(boundary)) == 10

    def test_the_hour_that_comes_twice_is_no_second_day(self) -> None:
        limits = Limits(
            BERLIN.interval, daily_quota=10, reset_time=dt.time(2, 30), time_zone="Europe/Berlin"
        )
        pace = Pace()
        pace_rows.charge(pace, limits, at("2026-10-25T00:30"), 4)
        pace_rows.charge(pace, limits, at("2026-10-25T01:30"), 3)
        assert pace_rows.quota_left(pace, limits, at("2026-10-25T02:00")) == 3

    def test_each_period_counts_from_nothing(self) -> None:
        pace = Pace()
        pace_rows.charge(pace, BERLIN, at("2026-07-01T12:00"), 7)
        pace_rows.charge(pace, BERLIN, at("2026-07-02T12:00"), 2)
        assert pace_rows.quota_left(pace, BERLIN, at("2026-07-02T12:00")) == 8

    def test_what_was_used_of_an_earlier_one_is_given_back_to_nobody(self) -> None:
        pace = Pace()
        yesterday, _ = BERLIN.period(at("2026-07-01T12:00"))
        pace_rows.charge(pace, BERLIN, at("2026-07-02T12:00"), 5)
        pace_rows.apply(
            PaceChanges(quota_back=Counter({yesterday: 3})), pace, at("2026-07-02T12:00")
        )
        assert pace.quota_used == 5

    def test_without_a_quota_messages_are_counted_for_the_day_that_gets_one(self) -> None:
        pace = Pace()
        pace_rows.charge(
            pace, Limits(BERLIN.interval, time_zone="Europe/Berlin"), at("2026-07-01T12:00"), 4
        )
        assert pace_rows.quota_left(pace, BERLIN, at("2026-07-01T13:00")) == 6


class TestALateReadingOfTheClock:
    """From before a boundary, when others have begun the next period already."""

    BEFORE, AFTER = at("2026-07-01T21:59:59"), at("2026-07-01T22:00:00")

    @pytest.fixture
    def begun(self) -> Pace:
        pace = Pace()
        pace_rows.charge(pace, BERLIN, self.BEFORE, 9)
        pace_rows.charge(pace, BERLIN, self.AFTER, 4)
        return pace

    def test_nothing_is_left_of_the_period_that_is_over(self, begun: Pace) -> None:
        assert pace_rows.quota_left(begun, BERLIN, self.BEFORE) == 0

    def test_what_is_used_of_the_new_one_is_not_forgotten(self, begun: Pace) -> None:
        pace_rows.charge(begun, BERLIN, self.BEFORE, 2)
        assert pace_rows.quota_left(begun, BERLIN, self.AFTER) == 4

    @pytest.mark.django_db
    def test_a_tick_with_such_a_reading_grants_nothing_and_leaves_the_row_alone(self) -> None:
        sending_task(3)
        service = EmailServiceFactory(sending_interval=0, daily_quota=10)
        tomorrow = service.limits.period(Pace.objects.values_list(Now(), flat=True)[0])[1]
        Pace.objects.update(quota_period_start=tomorrow, quota_used=2)

        assert grant(service, 3) == 0

        pace = Pace.objects.get()
        assert (pace.quota_period_start, pace.quota_used) == (tomorrow, 2)


@pytest.mark.django_db
class TestGranting:
    def test_two_dispatchers_share_one_quota(self) -> None:
        sending_task(9)
        service = EmailServiceFactory(sending_interval=0, daily_quota=5)
        assert [grant(service, 3), grant(service, 3), grant(service, 3)] == [3, 2, 0]

    def test_a_quota_of_nothing_grants_nothing(self) -> None:
        sending_task(2)
        assert grant(EmailServiceFactory(sending_interval=0, daily_quota=0), 2) == 0

    def test_each_service_has_a_quota_of_its_own(self) -> None:
        sending_task(9)
        services = EmailServiceFactory.create_batch(2, sending_interval=0, daily_quota=3)
        assert [grant(service, 5) for service in services] == [3, 3]

    def test_a_burst_is_granted_at_once_and_what_follows_at_an_even_pace(self) -> None:
        sending_task(9)
        service = EmailServiceFactory(sending_interval="0.2", burst=3)
        first, *others = slots_granted(service, 9)
        assert [slot - first for slot in others] == [
            0 * SECOND,
            0 * SECOND,
            0.2 * SECOND,
            0.4 * SECOND,
        ]

    def test_what_a_burst_leaves_of_the_quota_is_all_that_follows(self) -> None:
        sending_task(9)
        service = EmailServiceFactory(sending_interval="0.2", burst=3, daily_quota=4)
        assert len(slots_granted(service, 9)) == 4


@pytest.mark.django_db
def test_what_cannot_be_charged_to_every_service_is_charged_to_none() -> None:
    kept, gone = EmailServiceFactory().pace, EmailServiceFactory().pace
    kept.quota_used = gone.quota_used = 3
    Pace.objects.filter(pk=gone.pk).delete()

    with pytest.raises(NotAsLocked, match="1 of 2"), transaction.atomic():
        pace_rows.save([kept, gone])

    kept.refresh_from_db()
    assert kept.quota_used == 0


def grant(service: EmailService, capacity: int) -> int:
    """How many messages a dispatcher, a new one each time, is granted."""
    return len(slots_granted(service, capacity))


def slots_granted(service: EmailService, capacity: int) -> list[dt.datetime]:
    gates: dict[int, Any] = {service.pk: Gate(service.limits)}
    request = tick.TickRequest(
        DispatcherFactory().pk, gates=gates, capacity={service.pk: capacity}, lanes={service.pk: 1}
    )
    return [delivery.slot for deliveries in tick.run(request).granted for delivery in deliveries]
