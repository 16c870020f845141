"""Recovery of dispatchers whose process is gone for sure, by the start logs they left."""

from __future__ import annotations

import datetime as dt
import os
import uuid

import pytest
from django.conf import settings
from django.db.models.functions import Now

from campaigns.models import SubTask, SubTaskStatus
from campaigns.state.states import Held
from dispatch import audit
from dispatch.models import Attempt, AttemptOutcome, Dispatcher, EmailService, Pace
from dispatch.results import recovery, start_log
from dispatch.results.start_log import End
from tests.concurrency import second_connection
from tests.dispatch.results.test_start_log import NOON, killed_after
from tests.dispatching import Dispatch
from tests.factories import DispatcherFactory, EmailServiceFactory, held, token_of

pytestmark = pytest.mark.django_db
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def service() -> EmailService:
    return EmailServiceFactory(daily_quota=100)


@pytest.fixture
def gone() -> Dispatcher:
    """Its heartbeat is fresh."""
    return DispatcherFactory(cluster=uuid.uuid4())


def name_of(dispatcher: Dispatcher) -> start_log.Name:
    return start_log.Name(dispatcher.cluster, dispatcher.pk)


def marked(dispatcher: Dispatcher, service: EmailService) -> SubTask:
    return held(
        SubTaskStatus.SENDING, dispatcher, service, allocated_at=Now() - SECOND, sending_at=Now()
    )


def claim(subtask: SubTask) -> Held:
    return Held(subtask.pk, token_of(subtask))


def state(subtask: SubTask) -> tuple[str, bool]:
    subtask.refresh_from_db()
    return subtask.status, subtask.in_doubt_since is not None


def test_what_was_marked_and_not_begun_goes_back_and_the_rest_is_in_doubt(
    gone: Dispatcher, service: EmailService
) -> None:
    begun, unbegun = marked(gone, service), marked(gone, service)
    killed_after(name_of(gone), [claim(begun)])
    assert recovery.recover_gone(name_of(gone))
    assert (state(begun), state(unbegun)) == (("sending", True), ("pending", False))


def test_what_goes_back_belongs_to_nobody(gone: Dispatcher, service: EmailService) -> None:
    subtask = marked(gone, service)
    killed_after(name_of(gone), [])
    recovery.recover_gone(name_of(gone))
    subtask.refresh_from_db()
    assert (subtask.service, subtask.claim_token, subtask.dispatcher_id) == (None, None, None)
    assert subtask.attempts == 0


def test_its_attempt_says_that_it_was_not_started(gone: Dispatcher, service: EmailService) -> None:
    subtask = marked(gone, service)
    killed_after(name_of(gone), [])
    recovery.recover_gone(name_of(gone))
    attempt = Attempt.objects.get()
    assert (attempt.subtask, attempt.outcome) == (subtask, AttemptOutcome.NOT_STARTED)
    assert (attempt.claim_token, attempt.started_at) == (subtask.claim_token, None)
    assert "nothing was sent" in attempt.reply


def test_the_log_counts_what_was_not_begun_with_what_goes_back(
    gone: Dispatcher, service: EmailService, caplog: pytest.LogCaptureFixture
) -> None:
    held(SubTaskStatus.ALLOCATED, gone, service)
    marked(gone, service)
    killed_after(name_of(gone), [])
    with caplog.at_level("WARNING", "dispatch"):
        recovery.recover_gone(name_of(gone))
    assert [record.getMessage() for record in caplog.records] == [
        f"dispatcher {gone.pk} is dead: 2 SubTasks given back, 0 in doubt"
    ]


def test_the_proofs_say_in_words_what_is_known(gone: Dispatcher, service: EmailService) -> None:
    accepted, unbegun = marked(gone, service), marked(gone, service)
    killed_after(name_of(gone), [claim(accepted)], [End(True, 250)])
    recovery.recover_gone(name_of(gone))
    assert dict(Attempt.objects.values_list("subtask", "reply")) == {
        accepted.pk: "The dispatcher died after the provider had answered; what it said in words"
        " is lost.",
        unbegun.pk: "The process of the dispatcher ended before the hand-over began: nothing was"
        " sent.",
    }


def test_its_quota_is_given_back(gone: Dispatcher, service: EmailService) -> None:
    Pace.objects.filter(service=service).update(
        quota_period_start=Now() - dt.timedelta(hours=3), quota_used=5
    )
    begun = marked(gone, service)
    marked(gone, service)
    killed_after(name_of(gone), [claim(begun)])
    recovery.recover_gone(name_of(gone))
    assert Pace.objects.get(service=service).quota_used == 4


def test_a_record_of_an_earlier_claim_of_the_same_subtask_counts_for_nothing(
    gone: Dispatcher, service: EmailService
) -> None:
    subtask = marked(gone, service)
    killed_after(name_of(gone), [Held(subtask.pk, uuid.uuid4())])
    recovery.recover_gone(name_of(gone))
    assert state(subtask) == ("pending", False)


def test_without_a_log_that_can_be_believed_all_is_in_doubt(
    gone: Dispatcher, service: EmailService
) -> None:
    subtask = marked(gone, service)
    assert recovery.recover_gone(name_of(gone))
    assert state(subtask) == ("sending", True)


def test_a_log_that_a_process_still_holds_proves_nothing(
    gone: Dispatcher, service: EmailService
) -> None:
    subtask = marked(gone, service)
    log = start_log.open_log(name_of(gone))
    recovery.recover_gone(name_of(gone))
    log.remove()
    assert state(subtask) == ("sending", True)


def test_whoever_recovers_by_the_lease_alone_believes_no_log(
    gone: Dispatcher, service: EmailService
) -> None:
    subtask = marked(gone, service)
    killed_after(name_of(gone), [])
    recovery.expire_leases([gone.pk])
    recovery.recover_dead()
    assert state(subtask) == ("sending", True)


class TestWhatWasAnswered:
    """The reply had come, and was not recorded yet."""

    def test_what_was_accepted_is_sent(self, gone: Dispatcher, service: EmailService) -> None:
        subtask = marked(gone, service)
        killed_after(name_of(gone), [claim(subtask)], [End(True, 250, "7ABC")])
        recovery.recover_gone(name_of(gone))
        assert state(subtask) == ("sent", False)
        assert subtask.provider_message_id == "7ABC"

    def test_its_attempt_says_when_it_began_and_the_code(
        self, gone: Dispatcher, service: EmailService
    ) -> None:
        subtask = marked(gone, service)
        killed_after(name_of(gone), [claim(subtask)], [End(True, 250)])
        recovery.recover_gone(name_of(gone))
        attempt = Attempt.objects.get()
        assert (attempt.outcome, attempt.code) == (AttemptOutcome.ACCEPTED, 250)
        assert attempt.started_at == NOON

    def test_it_counts_in_the_figures(self, gone: Dispatcher, service: EmailService) -> None:
        killed_after(name_of(gone), [claim(marked(gone, service))], [End(True, 250)])
        recovery.recover_gone(name_of(gone))
        gone.refresh_from_db()
        assert gone.figures == {"services": {str(service.pk): {"accepted": 1}}}

    def test_what_was_refused_is_tried_again_and_stays_used(
        self, gone: Dispatcher, service: EmailService
    ) -> None:
        Pace.objects.filter(service=service).update(
            quota_period_start=Now() - dt.timedelta(hours=3), quota_used=5
        )
        subtask = marked(gone, service)
        killed_after(name_of(gone), [claim(subtask)], [End(False, 450)])
        recovery.recover_gone(name_of(gone))
        assert state(subtask) == ("pending", False)
        assert Attempt.objects.get().outcome == AttemptOutcome.DEFERRED
        assert Pace.objects.get(service=service).quota_used == 5

    def test_that_a_repeat_was_refused_says_nothing_about_the_first_hand_over(
        self, gone: Dispatcher, service: EmailService
    ) -> None:
        repeat = held(
            SubTaskStatus.SENDING, gone, service, allocated_at=Now(), sending_at=Now() - SECOND
        )
        killed_after(name_of(gone), [claim(repeat)], [End(False, 400)])
        recovery.recover_gone(name_of(gone))
        assert state(repeat) == ("sending", True)

    def test_that_a_repeat_was_accepted_settles_it(
        self, gone: Dispatcher, service: EmailService
    ) -> None:
        repeat = held(
            SubTaskStatus.SENDING, gone, service, allocated_at=Now(), sending_at=Now() - SECOND
        )
        killed_after(name_of(gone), [claim(repeat)], [End(True, 200)])
        recovery.recover_gone(name_of(gone))
        assert state(repeat) == ("sent", False)


class TestRepeats:
    """They may have been sent under an earlier claim."""

    def test_one_that_was_marked_before_its_claim_stays_in_doubt(
        self, gone: Dispatcher, service: EmailService
    ) -> None:
        repeat = held(
            SubTaskStatus.SENDING, gone, service, allocated_at=Now(), sending_at=Now() - SECOND
        )
        killed_after(name_of(gone), [])
        recovery.recover_gone(name_of(gone))
        assert state(repeat) == ("sending", True)

    def test_one_that_was_marked_at_the_moment_of_its_claim_is_none(
        self, gone: Dispatcher, service: EmailService
    ) -> None:
        first = held(SubTaskStatus.SENDING, gone, service, allocated_at=NOON, sending_at=NOON)
        killed_after(name_of(gone), [])
        recovery.recover_gone(name_of(gone))
        assert state(first) == ("pending", False)

    def test_one_with_a_proof_stays_in_doubt_whatever_the_clock_said(
        self, gone: Dispatcher, service: EmailService
    ) -> None:
        repeat = marked(gone, service)
        repeat.refresh_from_db()
        Attempt.objects.create(
            subtask=repeat,
            service=service,
            dispatcher_id=gone.pk,
            claim_token=uuid.uuid4(),
            slot_at=Now(),
            sending_at=repeat.sending_at,
            outcome=AttemptOutcome.UNKNOWN,
        )
        killed_after(name_of(gone), [])
        recovery.recover_gone(name_of(gone))
        assert state(repeat) == ("sending", True)


class TestWhoRecovers:
    @pytest.mark.django_db(transaction=True)
    def test_one_whose_last_tick_is_not_over_is_left_for_the_next_time(
        self, gone: Dispatcher, service: EmailService
    ) -> None:
        subtask = marked(gone, service)
        killed_after(name_of(gone), [])
        with second_connection() as other, other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM dispatch_dispatcher WHERE id = %s FOR UPDATE", [gone.pk])
            assert not recovery.recover_gone(name_of(gone))
            cursor.execute("ROLLBACK")
        assert recovery.recover_gone(name_of(gone))
        assert state(subtask) == ("pending", False)

    def test_a_supervisor_that_starts_anew_finds_what_another_cluster_left(
        self, gone: Dispatcher, service: EmailService
    ) -> None:
        subtask = marked(gone, service)
        killed_after(name_of(gone), [])
        assert recovery.recover_left_behind() == 1
        assert state(subtask) == ("pending", False)

    def test_it_is_done_once(self, gone: Dispatcher) -> None:
        killed_after(name_of(gone), [])
        assert (recovery.recover_left_behind(), recovery.recover_left_behind()) == (1, 0)
        assert not name_of(gone).path.exists()

    def test_a_log_of_another_database_is_left_alone(self, gone: Dispatcher) -> None:
        stranger = start_log.Name(uuid.uuid4(), gone.pk)
        killed_after(stranger, [])
        assert recovery.recover_left_behind() == 0
        gone.refresh_from_db()
        assert gone.ended_at is None
        assert stranger.path.exists()
        start_log.discard(stranger)

    def test_its_log_goes_while_others_of_its_cluster_go_on(self, gone: Dispatcher) -> None:
        DispatcherFactory(cluster=gone.cluster)
        killed_after(name_of(gone), [])
        recovery.recover_gone(name_of(gone))
        assert not name_of(gone).path.exists()

    def test_the_log_of_one_that_is_not_in_the_database_goes(self, gone: Dispatcher) -> None:
        """Another cluster's, of the same number as one that lives."""
        stranger = start_log.Name(uuid.uuid4(), gone.pk)
        killed_after(stranger, [])
        assert not recovery.recover_gone(stranger)
        assert not stranger.path.exists()
        gone.refresh_from_db()
        assert gone.ended_at is None

    def test_a_cluster_cannot_be_mistaken_for_another(self, gone: Dispatcher) -> None:
        assert not recovery.recover_gone(start_log.Name(uuid.uuid4(), gone.pk))


def test_the_audit_counts_what_was_not_started_neither_as_sent_nor_as_used(
    gone: Dispatcher,
) -> None:
    service = EmailServiceFactory(daily_quota=1)
    for _ in range(3):
        marked(gone, service)
    killed_after(name_of(gone), [])
    recovery.recover_gone(name_of(gone))
    assert Attempt.objects.count() == 3
    assert [result.offenders for result in audit.audit() if result.offenders] == []


def test_a_dispatcher_that_ends_in_order_leaves_no_log(dispatch: Dispatch) -> None:
    before = set(os.listdir(settings.START_LOG_DIR))
    dispatch()
    assert set(os.listdir(settings.START_LOG_DIR)) == before
