from __future__ import annotations

import datetime as dt

import pytest
from django.db.models.functions import Now

from campaigns.models import SubTask, SubTaskStatus
from campaigns.state import states
from campaigns.state.states import Held, Settlement
from dispatch.lease_terms import LEASE_SECONDS
from dispatch.models import Attempt, AttemptOutcome, ConnectionShare, Dispatcher, EmailService, Pace
from dispatch.pace import pace_rows
from dispatch.results import recovery
from tests.concurrency import (
    run_together,
    running,
    second_connection,
    wait_until_somebody_waits_for_a_lock,
)
from tests.factories import DispatcherFactory, EmailServiceFactory, held, in_doubt, token_of

pytestmark = pytest.mark.django_db
LEASE = dt.timedelta(seconds=LEASE_SECONDS)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def service() -> EmailService:
    return EmailServiceFactory(daily_quota=100)


@pytest.fixture
def dead() -> Dispatcher:
    return DispatcherFactory(heartbeat_at=Now() - LEASE - SECOND)


def state(subtask: SubTask) -> tuple[str, bool]:
    subtask.refresh_from_db()
    return subtask.status, subtask.in_doubt_since is not None


def charged(service: EmailService, used: int, since: dt.timedelta) -> None:
    """A quota period that began so long ago, with so much used."""
    Pace.objects.filter(service=service).update(quota_period_start=Now() - since, quota_used=used)


def used(service: EmailService) -> int:
    return Pace.objects.get(service=service).quota_used


class TestWhoIsDead:
    def test_one_whose_heartbeat_is_older_than_its_lease(self, dead: Dispatcher) -> None:
        assert recovery.recover_dead() == 1
        dead.refresh_from_db()
        assert dead.ended_at is not None

    def test_one_whose_heartbeat_is_younger_lives_and_keeps_everything(
        self, service: EmailService
    ) -> None:
        living = DispatcherFactory(heartbeat_at=Now() - LEASE + 5 * SECOND)
        subtask = held(SubTaskStatus.ALLOCATED, living, service)
        assert recovery.recover_dead() == 0
        assert state(subtask) == ("allocated", False)

    def test_it_is_recovered_once(self, dead: Dispatcher) -> None:
        recovery.recover_dead()
        assert recovery.recover_dead() == 0
        assert not recovery.recover(dead.pk)

    def test_one_whose_process_is_gone_need_not_be_waited_for(self, service: EmailService) -> None:
        gone = DispatcherFactory()
        subtask = held(SubTaskStatus.ALLOCATED, gone, service)
        recovery.expire_leases([gone.pk])
        assert recovery.recover_dead() == 1
        assert state(subtask) == ("pending", False)

    def test_leases_of_those_that_have_ended_are_left_alone(self) -> None:
        ended = DispatcherFactory(ended_at=Now())
        recovery.expire_leases([ended.pk])
        assert Dispatcher.objects.get(pk=ended.pk).heartbeat_at == ended.heartbeat_at

    @pytest.mark.django_db(transaction=True)
    def test_one_whose_tick_is_still_open_is_left_for_the_next_time(self, dead: Dispatcher) -> None:
        with second_connection() as other, other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(
                "UPDATE dispatch_dispatcher SET heartbeat_at = now() WHERE id = %s", [dead.pk]
            )
            assert recovery.recover_dead() == 0
            cursor.execute("ROLLBACK")
        assert recovery.recover_dead() == 1

    @pytest.mark.django_db(transaction=True)
    def test_of_two_who_find_it_dead_at_the_same_moment_one_takes_over(
        self, dead: Dispatcher, service: EmailService
    ) -> None:
        held(SubTaskStatus.SENDING, dead, service, sending_at=Now())
        found = run_together(lambda: recovery.recover(dead.pk), lambda: recovery.recover(dead.pk))
        assert sorted(found) == [False, True]
        assert Attempt.objects.count() == 1


class TestWhatItHeld:
    def test_only_what_the_dead_one_held_is_taken(
        self, dead: Dispatcher, service: EmailService
    ) -> None:
        others = held(SubTaskStatus.ALLOCATED, DispatcherFactory(), service)
        held(SubTaskStatus.ALLOCATED, dead, service)
        recovery.recover_dead()
        assert state(others) == ("allocated", False)

    @pytest.mark.parametrize("task_status", ["paused", "cancelled", "completed"])
    def test_it_is_taken_whatever_became_of_the_task(
        self, dead: Dispatcher, service: EmailService, task_status: str
    ) -> None:
        reserved = held(SubTaskStatus.ALLOCATED, dead, service, task__status=task_status)
        sending = held(
            SubTaskStatus.SENDING, dead, service, sending_at=Now(), task__status=task_status
        )
        recovery.recover_dead()
        assert (state(reserved), state(sending)) == (("pending", False), ("sending", True))

    def test_a_hand_over_whose_outcome_is_unknown_leaves_its_proof(
        self, dead: Dispatcher, service: EmailService
    ) -> None:
        subtask = held(SubTaskStatus.SENDING, dead, service, sending_at=Now())
        recovery.recover_dead()
        attempt = Attempt.objects.get()
        assert (attempt.subtask, attempt.service, attempt.dispatcher_id) == (
            subtask,
            service,
            dead.pk,
        )
        assert (attempt.outcome, attempt.claim_token) == (
            AttemptOutcome.UNKNOWN,
            subtask.claim_token,
        )
        assert (attempt.started_at, attempt.slot_at) == (None, SubTask.objects.get().sending_at)

    def test_what_was_only_reserved_leaves_none(
        self, dead: Dispatcher, service: EmailService
    ) -> None:
        held(SubTaskStatus.ALLOCATED, dead, service)
        recovery.recover_dead()
        assert not Attempt.objects.exists()

    def test_its_connections_are_free_again(self, dead: Dispatcher, service: EmailService) -> None:
        ConnectionShare.objects.create(service=service, dispatcher=dead, connections=2)
        recovery.recover_dead()
        assert not ConnectionShare.objects.exists()

    @pytest.mark.parametrize(
        "status", [SubTaskStatus.SENT, SubTaskStatus.PENDING, SubTaskStatus.FAILED]
    )
    def test_a_dead_one_that_wakes_can_write_nothing_about_it(
        self, dead: Dispatcher, service: EmailService, status: SubTaskStatus
    ) -> None:
        subtask = held(SubTaskStatus.SENDING, dead, service, sending_at=Now())
        recovery.recover_dead()
        reason = "rejected" if status == SubTaskStatus.FAILED else ""
        assert states.settle([Settlement(subtask.pk, token_of(subtask), status, reason)]) == set()
        assert state(subtask) == ("sending", True)

    def test_a_dead_one_that_wakes_can_hand_nothing_over(
        self, dead: Dispatcher, service: EmailService
    ) -> None:
        subtask = held(SubTaskStatus.ALLOCATED, dead, service)
        recovery.recover_dead()
        assert states.begin_sending([Held(subtask.pk, token_of(subtask))]) == {}

    def test_what_was_in_doubt_before_stays_as_it_was(
        self, dead: Dispatcher, service: EmailService
    ) -> None:
        unsettled = in_doubt(service)
        recovery.recover_dead()
        assert (SubTask.objects.get().claim_token, Attempt.objects.count()) == (
            unsettled.claim_token,
            0,
        )


class TestTheQuota:
    def test_what_was_only_reserved_is_given_back(
        self, dead: Dispatcher, service: EmailService
    ) -> None:
        charged(service, 5, dt.timedelta(hours=3))
        for _ in range(2):
            held(SubTaskStatus.ALLOCATED, dead, service, allocated_at=Now() - LEASE)
        recovery.recover_dead()
        assert used(service) == 3

    def test_what_may_have_been_sent_stays_used(
        self, dead: Dispatcher, service: EmailService
    ) -> None:
        charged(service, 5, dt.timedelta(hours=3))
        held(SubTaskStatus.SENDING, dead, service, allocated_at=Now() - LEASE, sending_at=Now())
        recovery.recover_dead()
        assert used(service) == 5

    def test_what_was_reserved_in_an_earlier_period_gives_nothing_to_this_one(
        self, dead: Dispatcher, service: EmailService
    ) -> None:
        charged(service, 5, dt.timedelta(seconds=2))
        held(SubTaskStatus.ALLOCATED, dead, service, allocated_at=Now() - dt.timedelta(seconds=9))
        recovery.recover_dead()
        assert used(service) == 5

    def test_so_near_a_boundary_that_the_period_is_not_sure_it_stays_used(
        self, dead: Dispatcher, service: EmailService
    ) -> None:
        charged(service, 5, dt.timedelta(seconds=30))
        held(SubTaskStatus.ALLOCATED, dead, service, allocated_at=Now() - dt.timedelta(seconds=29))
        recovery.recover_dead()
        assert used(service) == 5

    def test_each_service_gets_back_its_own(self, dead: Dispatcher, service: EmailService) -> None:
        other = EmailServiceFactory(daily_quota=100)
        for each in (service, other):
            charged(each, 5, dt.timedelta(hours=3))
        held(SubTaskStatus.ALLOCATED, dead, other, allocated_at=Now())
        recovery.recover_dead()
        assert (used(service), used(other)) == (5, 4)

    @pytest.mark.django_db(transaction=True)
    def test_it_waits_for_a_grant_that_is_being_made_and_then_counts_with_it(
        self, dead: Dispatcher, service: EmailService
    ) -> None:
        charged(service, 5, dt.timedelta(hours=3))
        held(SubTaskStatus.ALLOCATED, dead, service, allocated_at=Now())
        with second_connection() as other, other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(
                "UPDATE dispatch_pace SET quota_used = 8 WHERE service_id = %s", [service.pk]
            )
            with running(recovery.recover_dead) as recovered:
                wait_until_somebody_waits_for_a_lock()
                cursor.execute("COMMIT")
                assert recovered.result(10) == 1
        assert used(service) == 7


def test_a_quota_that_is_left_to_a_period_is_never_more_than_the_quota(
    service: EmailService,
) -> None:
    pace = Pace.objects.get(service=service)
    now = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    pace.quota_period_start, pace.quota_used = service.limits.period(now)[0], 1
    returned = [states.Returned(pk, service.pk, now) for pk in (1, 2, 3)]
    pace_rows.give_back(returned, {service.pk: pace})
    assert pace_rows.quota_left(pace, service.limits, now) == 100


def test_recovering_somebody_unknown_is_harmless() -> None:
    assert not recovery.recover(-1)
