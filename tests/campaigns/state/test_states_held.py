"""What is written of rows that a dispatcher holds: exactly those, at that moment, and nothing that
was there before is lost.
"""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.db.models.functions import Now

from campaigns.models import FailureReason, SubTask, SubTaskStatus
from campaigns.state import states
from campaigns.state.states import Held, Settlement
from tests.campaigns.state.test_states import DOUBT, World
from tests.factories import SubTaskFactory, token_of

S = SubTaskStatus
SECOND = dt.timedelta(seconds=1)
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def world(db: None) -> World:
    return World()


def transaction_began() -> dt.datetime:
    """A test is one transaction: what is later was read when it happened."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        began: dt.datetime = cursor.fetchone()[0]
        return began


def set_back(world: World, state: str, **values: object) -> None:
    SubTask.objects.filter(pk=world.rows[state].pk).update(**values)


def settled(world: World, state: str, status: SubTaskStatus, **values: object) -> SubTask:
    held = Held(world.rows[state].pk, world.token)
    states.settle([Settlement(*held, status, **values)])  # type: ignore[arg-type]
    return world.now(state)


class TestReserving:
    def test_it_is_dated_when_it_happens_and_not_when_its_transaction_began(
        self, world: World
    ) -> None:
        states.allocate([(world.rows["pending"].pk, world.service.pk)], uuid.uuid4(), 1)
        allocated_at = world.now("pending").allocated_at
        assert allocated_at is not None
        assert allocated_at > transaction_began()

    def test_a_row_that_was_handed_over_before_has_not_been_handed_over_this_time(
        self, world: World
    ) -> None:
        set_back(world, "pending", sending_at=LONG_AGO)
        states.allocate([(world.rows["pending"].pk, world.service.pk)], uuid.uuid4(), 1)
        assert world.now("pending").sending_at is None

    def test_its_holder_is_known_by_the_token_that_was_given(self, world: World) -> None:
        states.allocate([(world.rows["pending"].pk, world.service.pk)], world.token, 77)
        row = world.now("pending")
        assert (row.claim_token, row.dispatcher_id) == (world.token, 77)


class TestHoldingARowInDoubtAgain:
    """To repeat its hand-over."""

    def test_it_is_held_under_the_new_token_and_no_longer_in_doubt(self, world: World) -> None:
        token = uuid.uuid4()
        assert states.repeat_in_doubt(world.ids, token, 77) == [world.rows[DOUBT].pk]
        row = world.now(DOUBT)
        assert (row.status, row.claim_token, row.dispatcher_id) == ("sending", token, 77)
        assert row.in_doubt_since is None

    def test_only_the_rows_that_are_named_are_held(self, world: World) -> None:
        assert states.repeat_in_doubt([world.rows["sent"].pk], uuid.uuid4(), 77) == []
        assert world.changed() == {}

    def test_it_is_dated_when_it_happens_and_keeps_the_first_hand_over(self, world: World) -> None:
        set_back(world, DOUBT, sending_at=LONG_AGO, allocated_at=LONG_AGO)
        states.repeat_in_doubt(world.ids, uuid.uuid4(), 77)
        row = world.now(DOUBT)
        assert row.sending_at == LONG_AGO
        assert row.allocated_at is not None
        assert row.allocated_at > transaction_began()

    def test_nothing_is_held_of_nothing(self, db: None) -> None:
        assert states.repeat_in_doubt([], uuid.uuid4(), 77) == []


class TestBeginningToSend:
    def test_of_rows_under_one_token_only_those_that_are_named_begin(self, world: World) -> None:
        other = world.make("allocated")
        assert states.begin_sending([Held(other.pk, world.token)]).keys() == {other.pk}
        assert world.changed() == {}

    def test_it_tells_when_each_hand_over_was_marked(self, world: World) -> None:
        held = Held(world.rows["allocated"].pk, world.token)
        began = states.begin_sending([held])[held.id]
        assert began == world.now("allocated").sending_at
        assert began > transaction_began()

    def test_a_repeat_keeps_when_the_first_hand_over_was_marked(self, world: World) -> None:
        set_back(world, DOUBT, sending_at=LONG_AGO)
        states.repeat_in_doubt(world.ids, world.token, world.dispatcher.pk)
        held = Held(world.rows[DOUBT].pk, world.token)
        assert states.begin_sending([held]) == {held.id: LONG_AGO}

    def test_a_row_in_doubt_does_not_begin_under_its_own_token(self, world: World) -> None:
        unsettled = world.rows[DOUBT]
        assert states.begin_sending([Held(unsettled.pk, token_of(unsettled))]) == {}


class TestSettling:
    def test_a_doubt_is_dated_when_it_begins(self, world: World) -> None:
        doubted = settled(world, "sending", S.SENDING).in_doubt_since
        assert doubted is not None
        assert doubted > transaction_began()

    @pytest.mark.parametrize("status", [S.PENDING, S.FAILED, S.SENT])
    def test_only_what_has_no_reply_is_in_doubt_and_keeps_a_token(
        self, world: World, status: SubTaskStatus
    ) -> None:
        row = settled(world, "sending", status, failure_reason=reason(status))
        assert (row.in_doubt_since, row.claim_token) == (None, None)

    @pytest.mark.parametrize(("status", "began"), [(S.SENT, "sending"), (S.FAILED, "allocated")])
    def test_only_what_was_accepted_has_a_time_of_sending_and_what_failed_one_of_failing(
        self, world: World, status: SubTaskStatus, began: str
    ) -> None:
        row = settled(world, began, status, failure_reason=reason(status))
        assert (row.sent_at is not None, row.failed_at is not None) == (
            status == S.SENT,
            status == S.FAILED,
        )

    @pytest.mark.parametrize("status", [S.PENDING, S.SENDING])
    def test_what_is_not_over_has_neither(self, world: World, status: SubTaskStatus) -> None:
        row = settled(world, "sending", status)
        assert (row.sent_at, row.failed_at) == (None, None)

    @pytest.mark.parametrize("status", [S.SENT, S.FAILED])
    def test_what_became_of_it_is_dated_when_it_is_written(
        self, world: World, status: SubTaskStatus
    ) -> None:
        row = settled(world, "sending", status, failure_reason=reason(status))
        over_at = row.sent_at or row.failed_at
        assert over_at is not None
        assert over_at > transaction_began()

    @pytest.mark.parametrize(("counts", "attempts"), [(True, 3), (False, 2)])
    def test_tries_that_count_add_up(self, world: World, counts: bool, attempts: int) -> None:
        set_back(world, "sending", attempts=2)
        row = settled(world, "sending", S.PENDING, counts_as_attempt=counts)
        assert row.attempts == attempts

    def test_a_delay_counts_from_now_whenever_the_row_was_available(self, world: World) -> None:
        set_back(world, "sending", available_at=LONG_AGO)
        row = settled(world, "sending", S.PENDING, delay_seconds=0.5)
        assert 0.5 * SECOND <= row.available_at - transaction_began() < 3600 * SECOND

    def test_one_that_failed_keeps_the_service_that_it_failed_through(self, world: World) -> None:
        row = settled(world, "sending", S.FAILED, failure_reason=FailureReason.REJECTED)
        assert row.service == world.service

    def test_what_the_last_try_left_is_replaced(self, world: World) -> None:
        set_back(world, "sending", error="451 later", provider_message_id="first")
        row = settled(world, "sending", S.SENT, provider_message_id="second")
        assert (row.error, row.provider_message_id) == ("", "second")


class TestTaking:
    """Locking what a dispatcher is handing over, and taking it away."""

    def test_rows_in_doubt_already_are_not_being_handed_over(self, world: World) -> None:
        locked = states.lock_sending(SubTask.objects.all())
        assert [row.id for row in locked] == [world.rows["sending"].pk]

    def test_a_repeat_was_claimed_after_its_first_hand_over(self, world: World) -> None:
        set_back(world, "sending", allocated_at=LONG_AGO + SECOND, sending_at=LONG_AGO)
        (locked,) = states.lock_sending(SubTask.objects.all())
        assert (locked.claimed_at, locked.sending_at) == (LONG_AGO + SECOND, LONG_AGO)

    def test_where_no_claim_is_dated_the_hand_over_is(self, world: World) -> None:
        set_back(world, "sending", allocated_at=None, sending_at=LONG_AGO)
        (locked,) = states.lock_sending(SubTask.objects.all())
        assert (locked.claimed_at, locked.sending_at) == (LONG_AGO, LONG_AGO)

    def test_what_is_in_doubt_is_held_by_nobody_under_a_token_that_nobody_knows(
        self, world: World
    ) -> None:
        states.doubt(SubTask.objects.all())
        row = world.now("sending")
        assert row.dispatcher_id is None
        assert row.claim_token not in (None, world.token)
        assert row.in_doubt_since is not None

    def test_what_is_given_back_says_when_it_was_reserved(self, world: World) -> None:
        set_back(world, "allocated", allocated_at=LONG_AGO)
        (returned,) = states.release(SubTask.objects.all())
        assert returned == (world.rows["allocated"].pk, world.service.pk, LONG_AGO)


class TestCancelling:
    def test_those_that_a_claim_would_take_first_fail_first(self, world: World) -> None:
        later, first = (
            SubTaskFactory(task=world.task, content=world.content, available_at=at)
            for at in (LONG_AGO + SECOND, LONG_AGO)
        )
        assert states.cancel(world.task.pk, 1) == 1
        states_now = dict(SubTask.objects.values_list("pk", "status"))
        assert (states_now[first.pk], states_now[later.pk]) == ("failed", "pending")


class TestFailing:
    def test_a_row_whose_address_is_suppressed_says_so_and_when(self, world: World) -> None:
        states.suppress([world.rows["pending"].pk])
        row = world.now("pending")
        assert (row.status, row.failure_reason) == ("failed", "suppressed")
        assert row.failed_at is not None

    def test_no_other_row_fails_with_it(self, world: World) -> None:
        states.suppress([world.rows["pending"].pk])
        assert world.changed() == {"pending": "failed"}


class TestResolvingADoubt:
    @pytest.mark.parametrize(
        ("status", "sent", "failed"), [(S.SENT, True, False), (S.FAILED, False, True)]
    )
    def test_it_is_dated(
        self, world: World, status: SubTaskStatus, sent: bool, failed: bool
    ) -> None:
        states.resolve_doubt(world.ids, status)
        row = world.now(DOUBT)
        assert (row.sent_at is not None, row.failed_at is not None) == (sent, failed)

    def test_one_to_be_sent_again_waits_for_no_service_and_from_now_on(self, world: World) -> None:
        tomorrow = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
        set_back(world, DOUBT, available_at=tomorrow)
        states.resolve_doubt(world.ids, S.PENDING)
        row = world.now(DOUBT)
        assert (row.service, row.claim_token, row.in_doubt_since) == (None, None, None)
        assert row.available_at < tomorrow

    def test_only_those_that_are_named(self, world: World) -> None:
        assert states.resolve_doubt([world.rows["sent"].pk], S.SENT) == []
        assert world.changed() == {}


def test_only_those_that_are_named_are_tried_again(world: World) -> None:
    assert states.retry([world.rows["sent"].pk]) == []
    assert world.changed() == {}


def test_one_that_is_tried_again_has_all_its_tries(world: World) -> None:
    set_back(world, "failed", attempts=5, available_at=Now() + dt.timedelta(days=1))
    assert states.retry([world.rows["failed"].pk]) == [world.rows["failed"].pk]
    assert SubTask.objects.claimable(world.task.pk).filter(attempts=0).count() == 2


def reason(status: SubTaskStatus) -> str:
    """What the database wants of a row that failed, and of no other."""
    return FailureReason.REJECTED if status == S.FAILED else ""
