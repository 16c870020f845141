from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db.models.functions import Now

from campaigns.models import FailureReason, SubTask, SubTaskStatus, Task
from campaigns.state import states
from campaigns.state.states import NEXT, Held, Settlement
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
)

S = SubTaskStatus
FEEDBACK = {"delivered", "bounced", "opened", "clicked"}
ALLOWED = {
    "pending": {"allocated", "failed"},
    "allocated": {"pending", "sending", "failed"},
    "sending": {"sending", "pending", "failed", "sent", *FEEDBACK},
    "sent": FEEDBACK,
    "delivered": {"bounced", "opened", "clicked"},
    "bounced": set(),
    "opened": {"clicked"},
    "clicked": set(),
    "failed": {"pending"},
}
DOUBT = "in doubt"
EVERY_STATE = [*S.values, DOUBT]


@pytest.mark.parametrize("after", S.values)
@pytest.mark.parametrize("before", S.values)
def test_a_subtask_moves_only_as_the_table_says(before: str, after: str) -> None:
    assert (S(after) in NEXT[S(before)]) == (after in ALLOWED[before])


@pytest.mark.parametrize("after", S.values)
def test_where_a_state_may_come_from_is_the_table_read_backwards(after: str) -> None:
    assert set(states.before(S(after))) == {b for b in ALLOWED if after in ALLOWED[b]}


class World:
    """A task with a SubTask in every state, all held ones by one dispatcher under one token."""

    def __init__(self) -> None:
        self.service = EmailServiceFactory()
        self.dispatcher = DispatcherFactory()
        self.token = uuid.uuid4()
        self.task = SendingTaskFactory()
        self.content = ContentFactory(task=self.task)
        self.rows = {state: self.make(state) for state in EVERY_STATE}

    def make(self, state: str) -> SubTask:
        values: dict[str, Any] = {"status": "sending" if state == DOUBT else state}
        if state in ("allocated", "sending"):
            values |= {"dispatcher_id": self.dispatcher.pk, "claim_token": self.token}
        if state == "allocated":
            values["allocated_at"] = Now()
        if state == "sending":
            values["sending_at"] = Now()
        if state == DOUBT:
            values |= {"claim_token": uuid.uuid4(), "in_doubt_since": Now()}
        if state == "failed":
            values["failure_reason"] = "invalid"
        if state not in ("pending", "failed"):
            values["service"] = self.service
        return SubTaskFactory(task=self.task, content=self.content, **values)

    @property
    def ids(self) -> list[int]:
        return [row.pk for row in self.rows.values()]

    def now(self, state: str) -> SubTask:
        """The row that began in this state, as it is now."""
        return SubTask.objects.get(pk=self.rows[state].pk)

    def changed(self) -> dict[str, str]:
        """Which rows are in another state than they began in."""
        return {began: status for began in EVERY_STATE if (status := self.state(began)) != began}

    def state(self, began: str) -> str:
        row = self.now(began)
        return DOUBT if row.in_doubt_since else row.status

    def held(self, token: uuid.UUID | None = None) -> list[Held]:
        return [Held(pk, token or self.token) for pk in self.ids]

    def settle(
        self, status: SubTaskStatus, token: uuid.UUID | None = None, **values: Any
    ) -> set[int]:
        return states.settle(
            Settlement(held.id, held.token, status, **values) for held in self.held(token)
        )


@pytest.fixture
def world(db: None) -> World:
    return World()


class TestAllocating:
    def allocate(self, world: World) -> list[int]:
        rows = [(pk, world.service.pk) for pk in world.ids]
        return states.allocate(rows, uuid.uuid4(), world.dispatcher.pk)

    def test_only_pending_rows_are_reserved(self, world: World) -> None:
        assert self.allocate(world) == [world.rows["pending"].pk]
        assert world.changed() == {"pending": "allocated"}

    def test_a_reserved_row_knows_who_reserved_it_for_what_and_when(self, world: World) -> None:
        self.allocate(world)
        row = world.now("pending")
        assert (row.service, row.dispatcher_id) == (world.service, world.dispatcher.pk)
        assert row.claim_token is not None
        assert row.allocated_at is not None

    def test_reserving_nothing_is_harmless(self, world: World) -> None:
        assert states.allocate([], uuid.uuid4(), world.dispatcher.pk) == []

    def test_each_row_gets_its_own_service(self, db: None) -> None:
        one, other = EmailServiceFactory(), EmailServiceFactory()
        first, second = SubTaskFactory(), SubTaskFactory()
        states.allocate([(first.pk, one.pk), (second.pk, other.pk)], uuid.uuid4(), 1)
        assert SubTask.objects.get(pk=first.pk).service == one
        assert SubTask.objects.get(pk=second.pk).service == other


def test_a_change_that_does_not_reach_every_locked_row_is_refused(world: World) -> None:
    missing = max(world.ids) + 1
    with pytest.raises(states.NotAsLocked, match="1 of 2"):
        states.suppress([world.rows["pending"].pk, missing])


class TestBeginningToSend:
    def test_only_reserved_rows_begin(self, world: World) -> None:
        begun = states.begin_sending(world.held())
        assert world.changed() == {"allocated": "sending"}
        assert world.rows["allocated"].pk in begun

    def test_when_it_began_is_noted(self, world: World) -> None:
        states.begin_sending(world.held())
        assert world.now("allocated").sending_at is not None

    def test_running_it_again_returns_the_same_rows(self, world: World) -> None:
        claims = [Held(world.rows["allocated"].pk, world.token)]
        assert states.begin_sending(claims) == states.begin_sending(claims)
        assert states.begin_sending(claims).keys() == {claims[0].id}

    def test_a_row_in_doubt_is_never_begun_again(self, world: World) -> None:
        begun = states.begin_sending(world.held())
        assert world.rows[DOUBT].pk not in begun

    def test_an_old_token_begins_nothing(self, world: World) -> None:
        assert states.begin_sending(world.held(uuid.uuid4())) == {}
        assert world.changed() == {}

    @pytest.mark.parametrize("status", ["draft", "queued", "paused", "completed", "cancelled"])
    def test_nothing_begins_unless_the_task_is_being_sent(self, world: World, status: str) -> None:
        Task.objects.filter(pk=world.task.pk).update(status=status)
        assert states.begin_sending(world.held()) == {}
        assert world.changed() == {}

    def test_beginning_with_nothing_is_harmless(self, db: None) -> None:
        assert states.begin_sending([]) == {}


class TestSettling:
    @pytest.mark.parametrize("status", [S.PENDING, S.FAILED])
    def test_held_rows_are_settled_and_no_others(self, world: World, status: SubTaskStatus) -> None:
        reason = "rejected" if status == S.FAILED else ""
        settled = world.settle(status, failure_reason=reason)
        assert world.rows["allocated"].pk in settled
        assert world.rows["sending"].pk in settled
        assert world.changed() == {"allocated": status, "sending": status}

    @pytest.mark.parametrize("status", [S.PENDING, S.SENT, S.FAILED, S.SENDING])
    def test_an_old_token_changes_nothing(self, world: World, status: SubTaskStatus) -> None:
        reason = "rejected" if status == S.FAILED else ""
        before = list(SubTask.objects.order_by("id").values())
        assert world.settle(status, uuid.uuid4(), failure_reason=reason) == set()
        assert list(SubTask.objects.order_by("id").values()) == before

    def test_settling_again_changes_nothing(self, world: World) -> None:
        settlement = Settlement(world.rows["sending"].pk, world.token, S.SENT)
        assert states.settle([settlement]) == {settlement.id}
        sent_at = world.now("sending").sent_at
        assert states.settle([settlement]) == set()
        assert world.now("sending").sent_at == sent_at

    def test_an_accepted_message_is_sent_and_nobody_holds_it(self, world: World) -> None:
        states.settle(
            [Settlement(world.rows["sending"].pk, world.token, S.SENT, provider_message_id="p1")]
        )
        row = world.now("sending")
        assert (row.status, row.provider_message_id) == ("sent", "p1")
        assert (row.claim_token, row.dispatcher_id) == (None, None)
        assert row.service == world.service
        assert row.sent_at is not None

    def test_no_reply_leaves_the_row_in_doubt_under_a_token_that_nobody_knows(
        self, world: World
    ) -> None:
        states.settle([Settlement(world.rows["sending"].pk, world.token, S.SENDING, error="gone")])
        row = world.now("sending")
        assert (row.status, row.error, row.dispatcher_id) == ("sending", "gone", None)
        assert row.in_doubt_since is not None
        assert row.claim_token not in (None, world.token)

    def test_a_row_to_be_tried_again_waits_and_has_no_service(self, world: World) -> None:
        states.settle(
            [
                Settlement(
                    world.rows["sending"].pk,
                    world.token,
                    S.PENDING,
                    counts_as_attempt=True,
                    delay_seconds=3600,
                )
            ]
        )
        row = world.now("sending")
        assert (row.status, row.service, row.attempts) == ("pending", None, 1)
        started = world.rows["sending"].created_at
        assert row.available_at - started > dt.timedelta(minutes=59)

    def test_a_row_that_only_waited_keeps_its_attempts_and_its_place(self, world: World) -> None:
        before = world.now("allocated")
        states.settle([Settlement(before.pk, world.token, S.PENDING)])
        row = world.now("allocated")
        assert (row.attempts, row.available_at) == (0, before.available_at)

    def test_a_failed_row_says_why_and_when(self, world: World) -> None:
        states.settle(
            [
                Settlement(
                    world.rows["sending"].pk,
                    world.token,
                    S.FAILED,
                    failure_reason=FailureReason.REJECTED,
                    error="550 no such user",
                )
            ]
        )
        row = world.now("sending")
        assert (row.failure_reason, row.error) == ("rejected", "550 no such user")
        assert row.failed_at is not None
        assert row.claim_token is None

    @pytest.mark.parametrize("status", [S.ALLOCATED])
    def test_a_held_row_cannot_be_settled_as_something_impossible(
        self, world: World, status: SubTaskStatus
    ) -> None:
        with pytest.raises(AssertionError, match="cannot become"):
            world.settle(status)

    def test_settling_nothing_is_harmless(self, db: None) -> None:
        assert states.settle([]) == set()


class TestReclaiming:
    def test_reserved_rows_go_back_and_sending_ones_come_into_doubt(self, world: World) -> None:
        states.reclaim(world.dispatcher.pk)
        assert world.changed() == {"allocated": "pending", "sending": DOUBT}

    def test_it_tells_what_it_gave_back_and_what_is_in_doubt(self, world: World) -> None:
        given_back, in_doubt = states.reclaim(world.dispatcher.pk)
        assert [(row.id, row.service_id) for row in given_back] == [
            (world.rows["allocated"].pk, world.service.pk)
        ]
        assert [row[:3] for row in in_doubt] == [
            (world.rows["sending"].pk, world.service.pk, world.token)
        ]

    def test_the_old_token_is_worth_nothing_afterwards(self, world: World) -> None:
        states.reclaim(world.dispatcher.pk)
        assert states.begin_sending(world.held()) == {}
        for name in ("allocated", "sending"):
            settlement = Settlement(world.rows[name].pk, world.token, S.SENT)
            assert states.settle([settlement]) == set()

    def test_a_row_given_back_is_as_if_it_had_never_been_claimed(self, world: World) -> None:
        states.reclaim(world.dispatcher.pk)
        row = world.now("allocated")
        assert (row.service, row.claim_token, row.dispatcher_id) == (None, None, None)
        assert row.attempts == 0

    def test_what_another_dispatcher_holds_is_left_alone(self, world: World) -> None:
        assert states.reclaim(world.dispatcher.pk + 1) == ([], [])
        assert world.changed() == {}

    def test_reclaiming_again_finds_nothing(self, world: World) -> None:
        states.reclaim(world.dispatcher.pk)
        assert states.reclaim(world.dispatcher.pk) == ([], [])


class TestGivingUp:
    def test_releasing_touches_reserved_rows_only(self, world: World) -> None:
        returned = states.release(SubTask.objects.all())
        assert [row.id for row in returned] == [world.rows["allocated"].pk]
        assert world.changed() == {"allocated": "pending"}

    def test_cancelling_fails_pending_rows_only(self, world: World) -> None:
        assert states.cancel(world.task.pk, 100) == 1
        assert world.changed() == {"pending": "failed"}
        assert world.now("pending").failure_reason == FailureReason.CANCELLED

    def test_cancelling_takes_no_more_than_its_limit(self, world: World) -> None:
        SubTaskFactory.create_batch(5, task=world.task, content=world.content)
        assert states.cancel(world.task.pk, 4) == 4
        assert SubTask.objects.filter(failure_reason="cancelled").count() == 4

    def test_cancelling_leaves_other_tasks_alone(self, world: World) -> None:
        other = SubTaskFactory()
        states.cancel(world.task.pk, 100)
        assert SubTask.objects.get(pk=other.pk).status == S.PENDING


class TestRetrying:
    def test_only_failed_rows_are_tried_again(self, world: World) -> None:
        assert states.retry(world.ids) == [world.rows["failed"].pk]
        assert world.changed() == {"failed": "pending"}

    def test_a_row_tried_again_starts_afresh(self, world: World) -> None:
        SubTask.objects.filter(pk=world.rows["failed"].pk).update(
            attempts=5, service=world.service, failed_at=Now(), available_at="2100-01-01T00:00Z"
        )
        states.retry(world.ids)
        row = world.now("failed")
        assert (row.attempts, row.failure_reason, row.failed_at) == (0, "", None)
        assert row.service is None
        assert row.available_at.year < 2100


class TestResolvingDoubt:
    @pytest.mark.parametrize("status", [S.SENT, S.PENDING, S.FAILED])
    def test_only_rows_in_doubt_are_resolved(self, world: World, status: SubTaskStatus) -> None:
        assert states.resolve_doubt(world.ids, status) == [world.rows[DOUBT].pk]
        assert world.changed() == {DOUBT: status}

    def test_one_that_was_sent_keeps_its_service(self, world: World) -> None:
        states.resolve_doubt(world.ids, S.SENT)
        row = world.now(DOUBT)
        assert row.service == world.service
        assert row.sent_at is not None
        assert row.claim_token is None

    def test_one_that_is_given_up_says_so(self, world: World) -> None:
        states.resolve_doubt(world.ids, S.FAILED)
        assert world.now(DOUBT).failure_reason == FailureReason.DISCARDED

    def test_one_that_is_sent_again_is_available_at_once(self, world: World) -> None:
        states.resolve_doubt(world.ids, S.PENDING)
        assert SubTask.objects.claimable(world.task.pk).filter(pk=world.rows[DOUBT].pk).exists()

    def test_resolving_again_finds_nothing(self, world: World) -> None:
        states.resolve_doubt(world.ids, S.SENT)
        assert states.resolve_doubt(world.ids, S.PENDING) == []
        assert world.changed() == {DOUBT: "sent"}
