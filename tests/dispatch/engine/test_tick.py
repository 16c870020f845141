"""A tick of a dispatcher: what it writes, and what it may do twice or not at all."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.functions import Now

from campaigns.models import Content, SubTask, Task
from campaigns.state import lifecycle
from dispatch.claiming.deliveries import Claim, Delivery, Grant, LaneReport, NotStarted
from dispatch.claiming.leases import LeaseLost
from dispatch.engine import tick
from dispatch.engine.tick import TickRequest
from dispatch.errors import RecipientError, ServiceError
from dispatch.message.message import Accepted
from dispatch.models import Attempt, AttemptOutcome, Dispatcher, EmailService, Pace
from dispatch.pace.gate import Gate
from tests.concurrency import second_connection
from tests.dispatching import Dispatch, MakeService
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    held,
    token_of,
)

pytestmark = pytest.mark.django_db


class World:
    """A dispatcher of one service, and messages to send."""

    def __init__(self) -> None:
        self.service: EmailService = EmailServiceFactory(sending_interval=0, daily_quota=100)
        self.limits = self.service.limits
        self.dispatcher: Dispatcher = DispatcherFactory()
        self.task: Task = SendingTaskFactory()
        self.content: Content = ContentFactory(task=self.task)
        self.gate = Gate(self.limits)

    def messages(self, number: int) -> None:
        SubTaskFactory.create_batch(number, task=self.task, content=self.content)

    def delivery(self, status: str = "sending") -> Delivery:
        """One of its own, handed over if it is being sent."""
        row = held(status, self.dispatcher, self.service, task=self.task, content=self.content)
        now = self.now()
        claim = Claim(row.pk, self.task.pk, self.content.pk, row.recipient_email, {}, 0)
        grant = Grant(self.service.pk, token_of(row), self.gate, *self.limits.period(now))
        return Delivery(
            claim, grant, now, self.content, started_at=now if status == "sending" else None
        )

    def now(self) -> dt.datetime:
        now: dt.datetime = Dispatcher.objects.values_list(Now(), flat=True)[0]
        return now

    def request(self, **values: Any) -> TickRequest:
        return TickRequest(self.dispatcher.pk, gates={self.service.pk: self.gate}, **values)

    def claiming(self, messages: int, **values: Any) -> TickRequest:
        return self.request(
            capacity={self.service.pk: messages}, lanes={self.service.pk: 1}, **values
        )

    @property
    def pace(self) -> Pace:
        return Pace.objects.get(service=self.service)

    def state(self, delivery: Delivery) -> str:
        return SubTask.objects.values_list("status", flat=True).get(pk=delivery.claim.id)


@pytest.fixture
def world() -> World:
    return World()


class TestWithinOneTransaction:
    def test_outcomes_are_recorded_orders_marked_and_messages_claimed(self, world: World) -> None:
        world.messages(2)
        sent, ready = world.delivery(), world.delivery("allocated")

        result = tick.run(world.claiming(2, reports=[LaneReport(sent, Accepted())], mark=[ready]))

        assert (world.state(sent), world.state(ready)) == ("sent", "sending")
        assert result.marked.keys() == {ready.claim.id}
        assert [len(deliveries) for deliveries in result.granted] == [2]

    def test_nothing_is_written_for_a_dispatcher_that_was_declared_dead(self, world: World) -> None:
        world.messages(2)
        delivery = world.delivery()
        Dispatcher.objects.update(ended_at=Now())

        with pytest.raises(LeaseLost):
            tick.run(world.claiming(2, reports=[LaneReport(delivery, Accepted())]))

        assert world.state(delivery) == "sending"
        assert not SubTask.objects.filter(status="allocated").exists()

    def test_no_more_is_claimed_than_there_is_room_for(self, world: World) -> None:
        world.messages(5)
        assert sum(map(len, tick.run(world.claiming(3)).granted)) == 3

    def test_no_more_is_claimed_than_the_quota_leaves(self, world: World) -> None:
        world.messages(5)
        Pace.objects.update(quota_period_start=world.limits.period(world.now())[0], quota_used=98)
        assert sum(map(len, tick.run(world.claiming(5)).granted)) == 2
        assert world.pace.quota_used == 100

    def test_only_what_was_claimed_is_charged(self, world: World) -> None:
        world.messages(2)
        tick.run(world.claiming(5))
        assert world.pace.quota_used == 2

    def test_nothing_is_claimed_for_a_frozen_service(self, world: World) -> None:
        world.messages(2)
        Pace.objects.update(needs_person=True)
        assert tick.run(world.claiming(2)).granted == []

    def test_an_order_of_a_task_that_was_paused_is_not_marked(self, world: World) -> None:
        ready = world.delivery("allocated")
        lifecycle.pause(world.task)
        assert not tick.run(world.request(mark=[ready])).marked
        assert world.state(ready) == "allocated"


class TestARunThatIsRepeated:
    """The reply to COMMIT was lost: everything is in the database, and nobody knows."""

    def test_an_outcome_is_recorded_once(self, world: World) -> None:
        request = world.request(reports=[LaneReport(world.delivery(), Accepted())])
        tick.run(request)
        tick.run(request)
        assert SubTask.objects.get().status == "sent"
        assert Attempt.objects.count() == 1

    def test_a_try_that_counted_counts_once(self, world: World) -> None:
        busy = RecipientError("450 busy", permanent=False)
        request = world.request(reports=[LaneReport(world.delivery(), busy)])
        tick.run(request)
        tick.run(request)
        assert SubTask.objects.get().attempts == 1

    def test_a_service_is_blamed_once(self, world: World) -> None:
        request = world.request(reports=[LaneReport(world.delivery(), ServiceError("421 go away"))])
        tick.run(request)
        tick.run(request)
        assert world.pace.freezes_in_row == 1

    def test_quota_is_given_back_once(self, world: World) -> None:
        Pace.objects.update(quota_period_start=world.limits.period(world.now())[0], quota_used=10)
        request = world.request(
            reports=[LaneReport(world.delivery("allocated"), NotStarted("the dispatcher stops"))]
        )
        tick.run(request)
        tick.run(request)
        assert world.pace.quota_used == 9

    def test_an_order_that_was_marked_is_marked_again_and_may_be_handed_over(
        self, world: World
    ) -> None:
        ready = world.delivery("allocated")
        request = world.request(mark=[ready])
        first, again = tick.run(request).marked, tick.run(request).marked
        assert first == again and first.keys() == {ready.claim.id}

    def test_what_it_claimed_and_nobody_remembers_is_given_back(self, world: World) -> None:
        world.messages(3)
        kept = world.delivery("allocated")
        tick.run(world.claiming(2))

        tick.run(world.request(remembered=frozenset({kept.held})))

        assert world.state(kept) == "allocated"
        assert SubTask.objects.filter(status="pending").count() == 3

    def test_what_is_being_handed_over_is_never_given_back(self, world: World) -> None:
        sending = world.delivery()
        tick.run(world.request(remembered=frozenset()))
        assert world.state(sending) == "sending"

    def test_what_another_dispatcher_holds_is_left_alone(self, world: World) -> None:
        others = held("allocated", DispatcherFactory(), world.service)
        tick.run(world.request(remembered=frozenset()))
        assert SubTask.objects.get(pk=others.pk).status == "allocated"


class TestALostRace:
    """Somebody else took a SubTask away while it was being handed over."""

    @pytest.fixture
    def taken(self, world: World) -> Delivery:
        delivery = world.delivery()
        SubTask.objects.filter(pk=delivery.claim.id).update(claim_token=uuid.uuid4())
        return delivery

    def test_it_is_noticed_and_nothing_is_written(self, world: World, taken: Delivery) -> None:
        result = tick.run(world.request(reports=[LaneReport(taken, Accepted())]))
        assert result.lost == {taken.claim.id}
        assert (world.state(taken), Attempt.objects.count()) == ("sending", 0)

    def test_the_service_is_neither_praised_nor_blamed_for_it(
        self, world: World, taken: Delivery
    ) -> None:
        Pace.objects.update(failures_in_row=3)
        tick.run(world.request(reports=[LaneReport(taken, Accepted())]))
        assert world.pace.failures_in_row == 3

    def test_no_quota_is_given_back_for_it(self, world: World, taken: Delivery) -> None:
        taken.started_at = None
        Pace.objects.update(quota_period_start=world.limits.period(world.now())[0], quota_used=10)
        tick.run(world.request(reports=[LaneReport(taken, NotStarted("too late"))]))
        assert world.pace.quota_used == 10

    def test_the_others_of_the_same_tick_are_recorded(self, world: World, taken: Delivery) -> None:
        mine = world.delivery()
        result = tick.run(
            world.request(reports=[LaneReport(taken, Accepted()), LaneReport(mine, Accepted())])
        )
        assert (result.lost, world.state(mine)) == ({taken.claim.id}, "sent")


@pytest.mark.parametrize("asked, least, most", [(600, 600, 600), (0, 1, 300), (1e9, 3600, 3600)])
def test_a_service_rests_as_long_as_its_provider_asks_and_no_more_than_an_hour(
    world: World, asked: float, least: int, most: int
) -> None:
    throttled = ServiceError("429 slow down", code=429, retry_after_seconds=asked)
    before = world.now()
    tick.run(world.request(reports=[LaneReport(world.delivery(), throttled)]))
    until = world.pace.frozen_until
    assert until is not None
    rest = (until - before).total_seconds()
    assert least <= rest < most + 60


@pytest.mark.django_db(transaction=True)
class TestAPaceRowThatSomebodyElseHasLocked:
    @pytest.fixture
    def while_locked(self, world: World) -> Callable[[TickRequest], tick.TickResult]:
        def run(request: TickRequest) -> tick.TickResult:
            with second_connection() as other, other.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute(
                    "SELECT 1 FROM dispatch_pace WHERE service_id = %s FOR UPDATE",
                    [world.service.pk],
                )
                return tick.run(request)

        return run

    def test_the_outcome_is_recorded_and_what_it_says_about_the_service_is_kept(
        self, world: World, while_locked: Callable[[TickRequest], tick.TickResult]
    ) -> None:
        delivery = world.delivery()
        result = while_locked(
            world.request(reports=[LaneReport(delivery, ServiceError("421 go away"))])
        )

        assert (world.state(delivery), Attempt.objects.get().outcome) == (
            "pending",
            AttemptOutcome.SERVICE_ERROR,
        )
        assert result.unwritten[world.service.pk].freeze is not None
        assert world.pace.frozen_until is None

    def test_what_was_kept_is_written_by_the_next_tick(
        self, world: World, while_locked: Callable[[TickRequest], tick.TickResult]
    ) -> None:
        reports = [
            LaneReport(world.delivery("allocated"), NotStarted("too late")),
            LaneReport(world.delivery(), ServiceError("421")),
        ]
        Pace.objects.update(quota_period_start=world.limits.period(world.now())[0], quota_used=10)
        kept = while_locked(world.request(reports=reports)).unwritten

        result = tick.run(world.request(pace_changes=kept))

        assert not result.unwritten
        assert world.pace.quota_used == 9
        assert world.pace.frozen_until is not None

    def test_nothing_is_claimed_and_nobody_waits(
        self, world: World, while_locked: Callable[[TickRequest], tick.TickResult]
    ) -> None:
        world.messages(2)
        result = while_locked(world.claiming(2))
        assert (result.granted, result.paces) == ([], {})


def test_lost_races_are_counted_in_the_dispatchers_figures(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    make_service()
    task = SendingTaskFactory()
    SubTaskFactory.create_batch(3, task=task, content=ContentFactory(task=task))
    stolen: list[int] = []

    def steal_one_that_is_being_handed_over() -> bool:
        sending = SubTask.objects.filter(status="sending", in_doubt_since=None)
        if not stolen and (victim := sending.first()):
            sending.filter(pk=victim.pk).update(claim_token=uuid.uuid4())
            stolen.append(victim.pk)
        return SubTask.objects.filter(status="sent").count() == 2

    dispatcher = dispatch(until=steal_one_that_is_being_handed_over)

    assert dispatcher.figures.counts()["lost_races"] == 1
    assert SubTask.objects.get(status="sending").pk == stolen[0]
