from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from campaigns import suppressions
from campaigns.models import SubTaskStatus, Suppression
from campaigns.models.contacts import SuppressionReason
from dispatch.claiming import claims
from tests.dispatching import Dispatch, MakeService
from tests.factories import EmailServiceFactory, SubTaskFactory, in_doubt
from tests.smtp_server import SmtpServer
from tests.tracking.making import event, sent, tell
from tracking.event_kinds import Actor, EventKind
from tracking.events import apply, inbox
from tracking.models import Event

pytestmark = pytest.mark.django_db

K, R = EventKind, SuppressionReason
AT_ONCE = {
    K.HARD_BOUNCED: R.HARD_BOUNCE,
    K.COMPLAINED: R.COMPLAINT,
    K.UNSUBSCRIBED: R.UNSUBSCRIBED,
}


def listed() -> dict[str, str]:
    return dict(Suppression.objects.values_list("email", "reason"))


@pytest.mark.parametrize(("kind", "reason"), AT_ONCE.items())
def test_bounces_for_good_complaints_and_unsubscribes_suppress_at_once(
    kind: EventKind, reason: SuppressionReason
) -> None:
    subtask = sent()
    tell(kind, subtask)
    assert listed() == {subtask.recipient_email: reason}
    name = subtask.task.name
    assert Suppression.objects.get().source == f"Campaign “{name}”, reported by Postmark"


@pytest.mark.parametrize("kind", sorted(set(K) - set(AT_ONCE)))
def test_nothing_else_does(kind: EventKind) -> None:
    tell(kind, sent())
    assert listed() == {}


@pytest.mark.parametrize("status", [S for S in SubTaskStatus if S not in ("allocated", "sending")])
def test_it_does_not_matter_what_became_of_the_subtask_meanwhile(status: SubTaskStatus) -> None:
    values: dict[str, Any] = {"service": None} if status == "pending" else {}
    values |= {"failure_reason": "rejected"} if status == "failed" else {}
    subtask = sent(status, **values)
    tell(K.COMPLAINED, subtask)
    assert subtask.recipient_email in listed()


def test_a_doubt_that_a_bounce_resolves_suppresses_too() -> None:
    subtask = in_doubt(EmailServiceFactory())
    tell(K.HARD_BOUNCED, subtask)
    assert subtask.recipient_email in listed()


def test_telling_it_again_changes_nothing() -> None:
    subtask = sent()
    tell(K.HARD_BOUNCED, subtask)
    before = Suppression.objects.values().get()
    tell(K.HARD_BOUNCED, subtask)
    tell(K.UNSUBSCRIBED, subtask)
    assert Suppression.objects.values().get() == before


def test_a_complaint_outweighs_an_unsubscribe() -> None:
    subtask = sent()
    tell(K.UNSUBSCRIBED, subtask)
    tell(K.COMPLAINED, subtask)
    assert listed() == {subtask.recipient_email: R.COMPLAINT}


def test_both_at_once_are_one_row_with_the_graver_reason() -> None:
    subtask = sent()
    inbox.accept([event(K.UNSUBSCRIBED, subtask), event(K.HARD_BOUNCED, subtask)])
    apply.apply_waiting()
    assert listed() == {subtask.recipient_email: R.HARD_BOUNCE}


def test_what_staff_added_keeps_its_reason() -> None:
    subtask = sent()
    Suppression.objects.create(email=subtask.recipient_email, source="by hand")
    tell(K.HARD_BOUNCED, subtask)
    assert list(Suppression.objects.values_list("reason", "source")) == [("manual", "by hand")]


def test_the_rest_of_a_running_task_does_not_go_to_that_address() -> None:
    first = sent()
    rest = SubTaskFactory(recipient_email=first.recipient_email)
    tell(K.COMPLAINED, first)
    assert claims.lock_claimable(rest.task_id, 5) == []
    rest.refresh_from_db()
    assert rest.failure_reason == "suppressed"


def test_lifting_concerns_people_who_unsubscribed_only() -> None:
    for reason in R:
        Suppression.objects.create(email=f"{reason}@example.com", reason=reason)
    assert [r for r in R if suppressions.lift(f"{r}@example.com")] == [R.UNSUBSCRIBED]
    assert set(listed()) == {f"{r}@example.com" for r in R if r != R.UNSUBSCRIBED}
    assert suppressions.lift("nobody@example.com") is None


def test_a_provider_that_tells_of_a_new_subscription_lifts_nothing() -> None:
    subtask = sent()
    tell(K.UNSUBSCRIBED, subtask)
    tell(K.RESUBSCRIBED, subtask)
    assert subtask.recipient_email in listed()


class TestSoftBounces:
    ADDRESS = "ann@example.com"

    def bounce(self, times: int) -> None:
        for _ in range(times):
            tell(K.SOFT_BOUNCED, sent(recipient_email=self.ADDRESS))

    def test_three_messages_in_a_row_suppress(self) -> None:
        self.bounce(2)
        assert listed() == {}
        self.bounce(1)
        assert listed() == {self.ADDRESS: R.SOFT_BOUNCES}

    @pytest.mark.parametrize("number", [1, 2, 5])
    def test_the_number_is_a_setting(self, settings: Settings, number: int) -> None:
        settings.SOFT_BOUNCES_SUPPRESS = number
        self.bounce(number - 1)
        assert listed() == {}
        self.bounce(1)
        assert self.ADDRESS in listed()

    def test_zero_means_never(self, settings: Settings) -> None:
        settings.SOFT_BOUNCES_SUPPRESS = 0
        self.bounce(10)
        assert listed() == {}

    def test_one_message_that_bounces_often_counts_once(self) -> None:
        subtask = sent(recipient_email=self.ADDRESS)
        for _ in range(5):
            tell(K.SOFT_BOUNCED, subtask)
        assert listed() == {}

    @pytest.mark.parametrize("kind", [K.DELIVERED, K.OPENED, K.CLICKED])
    def test_a_message_that_arrived_ends_the_row(self, kind: EventKind) -> None:
        self.bounce(2)
        tell(kind, sent(recipient_email=self.ADDRESS))
        self.bounce(2)
        assert listed() == {}
        self.bounce(1)
        assert self.ADDRESS in listed()

    def test_a_machine_that_opens_does_not(self) -> None:
        self.bounce(2)
        tell(K.OPENED, sent(recipient_email=self.ADDRESS), actor=Actor.MACHINE)
        self.bounce(1)
        assert self.ADDRESS in listed()

    def test_others_do_not_count(self) -> None:
        self.bounce(2)
        tell(K.SOFT_BOUNCED, sent())
        assert listed() == {}

    def test_three_that_come_together_count_too(self) -> None:
        inbox.accept([event(K.SOFT_BOUNCED, sent(recipient_email=self.ADDRESS)) for _ in range(3)])
        apply.apply_waiting()
        assert self.ADDRESS in listed()

    def test_only_those_of_a_while_count(self, settings: Settings) -> None:
        settings.SOFT_BOUNCE_DAYS = 30
        self.bounce(2)
        Event.objects.update(received_at=Now() - dt.timedelta(days=31))
        self.bounce(2)
        assert listed() == {}
        Event.objects.update(received_at=Now() - dt.timedelta(days=29))
        self.bounce(1)
        assert self.ADDRESS in listed()

    def test_refusals_for_now_until_the_last_try_count_too(
        self, settings: Settings, make_service: MakeService, dispatch: Dispatch
    ) -> None:
        settings.RETRY_DELAYS_SECONDS = []
        with SmtpServer(behaviours=["rcpt:reply:452 4.2.2 Mailbox full"]) as server:
            make_service(server=server)
            for _ in range(3):
                assert listed() == {}
                SubTaskFactory(recipient_email=self.ADDRESS)
                dispatch()
                apply.apply_waiting()
        assert listed() == {self.ADDRESS: R.SOFT_BOUNCES}

    @pytest.mark.parametrize("kind", [K.REJECTED, K.DEFERRED])
    def test_content_and_policy_never_suppress_however_often(self, kind: EventKind) -> None:
        for _ in range(20):
            tell(kind, sent(recipient_email=self.ADDRESS))
        assert listed() == {}
