"""Staff change a service's limits while it is in use."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from django.db.models import Max
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from hypothesis import assume, given
from hypothesis import strategies as st

from campaigns.models import SubTask
from dispatch.claiming import agenda
from dispatch.engine import tick
from dispatch.engine.lanes import LanePool
from dispatch.engine.service_loop import ServiceLoop
from dispatch.limits import Limits
from dispatch.models import Attempt, EmailService, Pace
from dispatch.pace import pace_rows
from dispatch.pace.gate import Gate
from dispatch.pace.slots import LOOKAHEAD, START_WINDOW, carried_over
from tests import factories
from tests.dispatching import Dispatch, MakeService, nothing_left
from tests.factories import (
    DispatcherFactory,
    EmailServiceFactory,
    SubTaskFactory,
    held,
    in_doubt,
    sending_task,
)

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
LONG_AGO = NOW - dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)
HOUR = dt.timedelta(hours=1)
GRANTED_AHEAD = LOOKAHEAD + START_WINDOW
IN_FORCE = GRANTED_AHEAD + SECOND / 5


def limits(seconds: float, burst: int = 1, **kwargs: Any) -> Limits:
    return Limits(dt.timedelta(seconds=seconds), burst, **kwargs)


def change(service: EmailService, **values: Any) -> dt.datetime:
    """Returns since when the limits are new."""
    factories.change(service, **values)
    return Pace.objects.get(service=service).limits_changed_at


class TestThePace:
    def test_a_longer_interval_counts_from_the_last_start(self) -> None:
        last = NOW - 4 * SECOND
        old, new = limits(10), limits(60)
        assert carried_over(old.after(LONG_AGO, last), old, new, NOW) == last + 60 * SECOND

    def test_a_shorter_interval_does_not_wait_for_the_end_of_the_old_one(self) -> None:
        old, new = limits(3600), limits(1)
        assert carried_over(old.after(LONG_AGO, NOW), old, new, NOW) == NOW + SECOND

    def test_a_service_that_has_no_interval_any_more_may_start_at_once(self) -> None:
        old, new = limits(3600), limits(0)
        assert carried_over(old.after(LONG_AGO, NOW), old, new, NOW) == NOW

    def test_a_service_that_had_no_interval_waits_one_since_it_may_just_have_started_something(
        self,
    ) -> None:
        new = limits(60)
        assert new.earliest(carried_over(LONG_AGO, limits(0), new, NOW)) >= NOW + 60 * SECOND

    def test_a_service_that_rested_does_not_wait(self) -> None:
        old, new = limits(10), limits(60)
        assert carried_over(LONG_AGO, old, new, NOW) < NOW

    def test_another_quota_changes_nothing_about_the_pace(self) -> None:
        due = NOW + 5 * SECOND
        assert carried_over(due, limits(10), limits(10, daily_quota=5), NOW) == due

    @given(
        old=st.tuples(st.floats(0.001, 100), st.integers(1, 5)),
        new=st.tuples(st.floats(0, 100), st.integers(1, 5)),
        waits=st.lists(st.floats(0, 200), min_size=1, max_size=10),
        rest=st.floats(0, 50),
    )
    def test_the_first_start_after_a_change_is_neither_too_early_nor_much_too_late(
        self, old: tuple[float, int], new: tuple[float, int], waits: list[float], rest: float
    ) -> None:
        before, after = limits(*old), limits(*new)
        due, now = LONG_AGO, NOW
        starts: list[dt.datetime] = []
        for wait in waits:
            now = max(now + dt.timedelta(seconds=wait), before.earliest(due))
            due = before.after(due, now)
            starts.append(now)
        now += dt.timedelta(seconds=rest)

        earliest = max(now, after.earliest(carried_over(due, before, after, now)))

        assert earliest <= now + after.interval + GRANTED_AHEAD
        if len(starts) >= after.burst:  # burst + 1 starts in a row take at least an interval
            assert earliest >= starts[-after.burst] + after.interval - dt.timedelta(microseconds=10)

    @given(interval=st.floats(0.1, 100), factor=st.floats(0.1, 10), burst=st.integers(1, 4))
    def test_after_a_change_nobody_waits_longer_than_new_limits_have_anybody_wait(
        self, interval: float, factor: float, burst: int
    ) -> None:
        assume(factor != 1)
        old, new = limits(interval, 50), limits(interval * factor, burst)
        due = old.after_all(LONG_AGO, [NOW] * 50)

        earliest = new.earliest(carried_over(due, old, new, NOW))

        assert earliest <= NOW + new.interval + GRANTED_AHEAD


@pytest.mark.django_db
class TestFollowing:
    """A dispatcher that is at work."""

    def test_a_shorter_interval_is_followed_at_once(
        self, make_service: MakeService, dispatch: Dispatch
    ) -> None:
        service = make_service(sending_interval=3600)
        sending_task(5)
        dispatch(until=after_the_first(lambda: change(service, sending_interval="0.05")))

        assert Attempt.objects.count() == 5

    def test_no_interval_any_more_is_followed_at_once(
        self, make_service: MakeService, dispatch: Dispatch
    ) -> None:
        service = make_service(sending_interval=3600)
        sending_task(5)
        dispatch(until=after_the_first(lambda: change(service, sending_interval=0)))

        assert Attempt.objects.count() == 5

    def test_a_higher_quota_is_followed_at_once(
        self, make_service: MakeService, dispatch: Dispatch
    ) -> None:
        service = make_service(daily_quota=1)
        sending_task(5)
        dispatch(until=after_the_first(lambda: change(service, daily_quota=100)))

        assert Attempt.objects.count() == 5

    def test_after_a_longer_interval_only_what_was_granted_before_starts(
        self, make_service: MakeService, dispatch: Dispatch
    ) -> None:
        service = make_service(sending_interval="0.1")
        sending_task(100)
        changes: list[dt.datetime] = []

        def change_then_stop_when_the_old_grants_are_over() -> bool:
            if Attempt.objects.exists() and not changes:
                changes.append(change(service, sending_interval=30))
            return (
                bool(changes)
                and Pace.objects.filter(limits_changed_at__lt=Now() - IN_FORCE).exists()
            )

        dispatch(until=change_then_stop_when_the_old_grants_are_over)

        assert (
            Attempt.objects.aggregate(last=Max("started_at"))["last"] < changes[0] + GRANTED_AHEAD
        )

    def test_a_quota_below_what_is_used_lets_nothing_more_start(
        self, make_service: MakeService, dispatch: Dispatch
    ) -> None:
        service = make_service(daily_quota=20, sending_interval="0.05")
        sending_task(40)
        changes: list[dt.datetime] = []

        def change_after_five() -> bool:
            if Attempt.objects.count() >= 5 and not changes:
                changes.append(change(service, daily_quota=2))
            return (
                bool(changes)
                and Pace.objects.filter(limits_changed_at__lt=Now() - IN_FORCE).exists()
            )

        dispatch(until=change_after_five)

        assert (
            Attempt.objects.aggregate(last=Max("started_at"))["last"] < changes[0] + GRANTED_AHEAD
        )
        assert (
            pace_rows.quota_left(Pace.objects.get(), EmailService.objects.get().limits, changes[0])
            == 0
        )


def after_the_first(action: Callable[[], object]) -> Callable[[], bool]:
    """Do something once a message has been handed over; over when nothing is left."""
    done: list[object] = []

    def until() -> bool:
        if Attempt.objects.exists() and not done:
            done.append(action())
        return nothing_left()

    return until


@pytest.mark.django_db
def test_a_service_that_is_not_paced_any_more_is_left_to_nobody() -> None:
    """Paced ones are shared out between dispatchers: who runs more than its part rests from one."""
    service = EmailServiceFactory(sending_interval=10)
    loop = ServiceLoop(agenda.read().services[service.pk], mock.create_autospec(LanePool))
    loop.holds = True
    change(service, sending_interval=0)

    loop.replan(agenda.read().services[service.pk])

    assert not loop.holds


@pytest.mark.django_db
class TestGranting:
    @pytest.fixture
    def service(self) -> EmailService:
        sending_task(5)
        return EmailServiceFactory(sending_interval=0)

    def tick_with(self, service: EmailService, known: Limits) -> list[Any]:
        """A tick of a dispatcher that knows these limits, whatever they are now."""
        request = tick.TickRequest(
            DispatcherFactory().pk,
            gates={service.pk: Gate(known)},
            capacity={service.pk: 5},
            lanes={service.pk: 1},
        )
        return tick.run(request).granted

    def test_nothing_is_granted_by_limits_that_are_no_longer_in_force(
        self, service: EmailService
    ) -> None:
        known = service.limits
        change(service, daily_quota=3)

        assert self.tick_with(service, known) == []
        assert not SubTask.objects.filter(status="allocated").exists()

    def test_what_the_new_limits_allow_is_granted_by_whoever_has_read_them(
        self, service: EmailService
    ) -> None:
        change(service, daily_quota=3)

        assert len(self.tick_with(service, agenda.read().services[service.pk].limits)[0]) == 3


@pytest.mark.django_db
class TestTheQuota:
    """Periods with other boundaries: what has been used since their beginning counts."""

    @pytest.fixture
    def service(self) -> EmailService:
        service = EmailServiceFactory(daily_quota=10)
        pace_rows.charge(service.pace, service.limits, self.now(), 4)
        service.pace.save()
        return service

    def now(self) -> dt.datetime:
        return Pace.objects.annotate(now=Now()).values_list("now", flat=True)[0]

    def left(self, service: EmailService) -> int | None:
        fresh = EmailService.objects.get(pk=service.pk)
        return pace_rows.quota_left(fresh.pace, fresh.limits, self.now())

    def attempt(
        self,
        service: EmailService,
        started_at: dt.datetime | Combinable | None,
        slot_at: dt.datetime | Combinable = NOW,
    ) -> None:
        Attempt.objects.create(
            subtask=SubTaskFactory(status="sent", service=service),
            service=service,
            dispatcher_id=1,
            claim_token=uuid.uuid4(),
            slot_at=slot_at,
            started_at=started_at,
            outcome="accepted",
        )

    def a_minute_earlier(self, service: EmailService) -> None:
        """Move the boundary to a minute ago, wherever in the day that is."""
        change(service, quota_reset_time=(self.now() - dt.timedelta(minutes=1)).time())

    def test_the_same_boundaries_keep_what_is_used(self, service: EmailService) -> None:
        change(service, daily_quota=7)
        assert self.left(service) == 3

    def test_a_quota_below_what_is_used_leaves_nothing(self, service: EmailService) -> None:
        change(service, daily_quota=3)
        assert self.left(service) == 0

    def test_no_quota_for_a_while_forgets_nothing(self, service: EmailService) -> None:
        change(service, daily_quota=None)
        pace_rows.charge(service.pace, service.limits, self.now(), 3)
        Pace.objects.filter(service=service).update(quota_used=service.pace.quota_used)
        change(service, daily_quota=10)
        assert self.left(service) == 3

    def test_moving_the_boundary_gives_nothing_back_that_was_sent_after_it(
        self, service: EmailService
    ) -> None:
        self.attempt(service, self.now() - 5 * SECOND)
        self.attempt(service, self.now() - HOUR)
        self.a_minute_earlier(service)
        assert self.left(service) == 9

    def test_a_hand_over_of_which_nobody_knows_whether_it_began_counts(
        self, service: EmailService
    ) -> None:
        self.attempt(service, None, slot_at=self.now() - 5 * SECOND)
        self.attempt(service, None, slot_at=self.now() - HOUR)
        self.a_minute_earlier(service)
        assert self.left(service) == 9

    def test_what_is_reserved_or_being_handed_over_counts(self, service: EmailService) -> None:
        for status in ("allocated", "sending"):
            held(status, DispatcherFactory(), service)
        held("sending", DispatcherFactory(), EmailServiceFactory())
        self.a_minute_earlier(service)
        assert self.left(service) == 8

    def test_one_in_doubt_counts_once(self, service: EmailService) -> None:
        in_doubt(service)
        self.attempt(service, self.now())
        self.a_minute_earlier(service)
        assert self.left(service) == 9

    def test_another_time_zone_is_another_boundary(self, service: EmailService) -> None:
        self.attempt(service, self.now())
        # Its midnight was less than two hours ago, whatever the time is.
        hours = self.now().hour or 23
        change(
            service, quota_time_zone=f"Etc/GMT+{hours}" if hours <= 12 else f"Etc/GMT-{24 - hours}"
        )
        assert self.left(service) == 9
