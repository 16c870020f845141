"""What events do to their SubTask: for every state it may be in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pytest
from django.db import DataError
from django.db.models import F
from django.db.models.functions import Now
from django.test import override_settings
from pytest_django import DjangoAssertNumQueries, Settings

from addressing.message_ids import message_id
from campaigns.models import SubTask, SubTaskStatus, Tally
from campaigns.state import lifecycle, states
from tests.factories import DispatcherFactory, EmailServiceFactory, SubTaskFactory, held, in_doubt
from tests.tracking.making import event, now, sent, tell
from tracking.event_kinds import Actor, EventKind
from tracking.events import apply, inbox, match
from tracking.models import Event, EventState

pytestmark = pytest.mark.django_db

S, K = SubTaskStatus, EventKind
LEADS_TO = {
    K.ACCEPTED: S.SENT,
    K.DEFERRED: S.SENT,
    K.DELIVERED: S.DELIVERED,
    K.OPENED: S.OPENED,
    K.CLICKED: S.CLICKED,
    K.SOFT_BOUNCED: S.BOUNCED,
    K.HARD_BOUNCED: S.BOUNCED,
    K.REJECTED: S.BOUNCED,
    K.COMPLAINED: S.DELIVERED,
    K.UNSUBSCRIBED: S.DELIVERED,
    K.RESUBSCRIBED: S.DELIVERED,
    K.PREFERENCES: S.DELIVERED,
}
RISES = {
    S.SENT: {S.DELIVERED, S.BOUNCED, S.OPENED, S.CLICKED},
    S.DELIVERED: {S.BOUNCED, S.OPENED, S.CLICKED},
    S.BOUNCED: set(),
    S.OPENED: {S.CLICKED},
    S.CLICKED: set(),
}
AFTERWARDS = [S.SENT, S.DELIVERED, S.BOUNCED, S.OPENED, S.CLICKED]
TIMES = ["delivered", "bounced", "opened", "clicked"]


def waiting() -> list[Event]:
    return list(Event.objects.filter(state=EventState.WAITING))


def make_due() -> None:
    Event.objects.filter(state=EventState.WAITING).update(due_at=Now())


def grow_old(hours: float) -> None:
    Event.objects.update(received_at=F("received_at") - dt.timedelta(hours=hours), due_at=Now())


@pytest.mark.parametrize("kind", K)
@pytest.mark.parametrize("status", AFTERWARDS)
def test_a_status_only_moves_up(status: SubTaskStatus, kind: EventKind) -> None:
    subtask = sent(status)
    tell(kind, subtask)
    rises = LEADS_TO[kind] in RISES[status]
    assert now(subtask).status == (LEADS_TO[kind] if rises else status)
    assert Event.objects.get().state == EventState.APPLIED


@pytest.mark.parametrize("kind", K)
def test_any_event_resolves_a_doubt(kind: EventKind) -> None:
    subtask = in_doubt(EmailServiceFactory())
    tell(kind, subtask)
    row = now(subtask)
    assert row.status == LEADS_TO[kind]
    assert (row.in_doubt_since, row.claim_token, row.dispatcher_id) == (None, None, None)
    assert row.sent_at == row.sending_at


@pytest.mark.parametrize("kind", [K.OPENED, K.CLICKED])
def test_a_machine_that_opens_or_clicks_moves_nothing_but_resolves_a_doubt(kind: EventKind) -> None:
    unsettled, known = in_doubt(EmailServiceFactory()), sent()
    for subtask in (unsettled, known):
        tell(kind, subtask, actor=Actor.MACHINE)
    assert (now(unsettled).status, now(known).status) == (S.SENT, S.SENT)
    assert now(known).opened_at is None and now(known).clicked_at is None


@pytest.mark.parametrize("kind", [K.OPENED, K.CLICKED])
def test_a_proxy_stands_for_a_person(kind: EventKind) -> None:
    subtask = sent()
    tell(kind, subtask, actor=Actor.PROXY)
    assert now(subtask).status == LEADS_TO[kind]


@pytest.mark.parametrize("status", [S.PENDING, S.FAILED])
@pytest.mark.parametrize("kind", K)
def test_a_subtask_that_is_not_sent_keeps_its_status(
    status: SubTaskStatus, kind: EventKind
) -> None:
    values = {"failure_reason": "rejected"} if status == S.FAILED else {}
    subtask = SubTaskFactory(status=status, **values)
    tell(kind, subtask)
    assert now(subtask).status == status


@pytest.mark.parametrize("status", AFTERWARDS)
@pytest.mark.parametrize(
    ("kind", "name"),
    [(K.DELIVERED, "delivered"), (K.HARD_BOUNCED, "bounced"), (K.OPENED, "opened"), (K.CLICKED, "clicked")],
)  # fmt: skip
def test_the_first_time_of_each_thing_is_recorded_whatever_the_status(
    status: SubTaskStatus, kind: EventKind, name: str
) -> None:
    subtask = sent(status)
    tell(kind, subtask)
    first = getattr(now(subtask), f"{name}_at")
    tell(kind, subtask)
    assert first == Event.objects.earliest("pk").received_at
    assert getattr(now(subtask), f"{name}_at") == first


def test_events_that_come_together_count_as_if_they_had_come_one_by_one() -> None:
    subtask = sent()
    kinds = [K.DELIVERED, K.OPENED, K.CLICKED, K.OPENED, K.HARD_BOUNCED, K.DELIVERED]
    inbox.accept(event(kind, subtask, dedupe_key=f"{n}") for n, kind in enumerate(kinds))
    apply.apply_waiting()
    row = now(subtask)
    assert row.status == S.CLICKED
    assert all(getattr(row, f"{name}_at") for name in TIMES)


def test_why_a_message_bounced_is_shown_on_its_subtask() -> None:
    subtask = sent()
    tell(K.HARD_BOUNCED, subtask, detail="550 5.1.1 no such user")
    assert now(subtask).error == "550 5.1.1 no such user"


def test_the_providers_name_for_a_message_in_doubt_is_learnt() -> None:
    subtask = in_doubt(EmailServiceFactory())
    tell(K.ACCEPTED, subtask, provider_message_id="abc")
    assert now(subtask).provider_message_id == "abc"


def test_the_tallies_of_the_task_add_up() -> None:
    subtask = in_doubt(EmailServiceFactory())
    tell(K.DELIVERED, subtask)
    counts = Tally.objects.counts(subtask.task_id)
    assert (counts["delivered"], counts.in_doubt, counts.total) == (1, 0, 1)


@pytest.mark.parametrize("kind", K)
@pytest.mark.parametrize("status", ["paused", "cancelled", "completed", "sending"])
def test_no_event_changes_the_status_of_a_task(status: str, kind: EventKind) -> None:
    subtask = sent()
    subtask.task.status = status
    subtask.task.save()
    tell(kind, subtask)
    subtask.task.refresh_from_db()
    assert subtask.task.status == status


def test_a_task_whose_last_doubt_was_resolved_is_completed_by_its_lifecycle() -> None:
    subtask = in_doubt(EmailServiceFactory())
    lifecycle.complete_finished()
    subtask.task.refresh_from_db()
    assert subtask.task.status == "sending"
    tell(K.DELIVERED, subtask)
    lifecycle.complete_finished()
    subtask.task.refresh_from_db()
    assert subtask.task.status == "completed"


class TestWaiting:
    @pytest.mark.parametrize("status", [S.ALLOCATED, S.SENDING])
    def test_an_event_waits_while_its_subtask_is_being_sent(self, status: SubTaskStatus) -> None:
        subtask = held(status, DispatcherFactory(), EmailServiceFactory())
        tell(K.DELIVERED, subtask)
        assert now(subtask).status == status
        assert now(subtask).delivered_at is None
        assert [e.note for e in waiting()] == [apply.IN_HAND]

    def test_it_waits_however_long_that_takes(self) -> None:
        subtask = held(S.SENDING, DispatcherFactory(), EmailServiceFactory())
        tell(K.DELIVERED, subtask)
        grow_old(hours=1000)
        apply.apply_waiting()
        assert len(waiting()) == 1

    def test_it_counts_once_the_send_is_recorded(self) -> None:
        subtask = held(S.SENDING, DispatcherFactory(), EmailServiceFactory())
        tell(K.DELIVERED, subtask)
        type(subtask).objects.update(status="sent", claim_token=None, dispatcher_id=None)
        make_due()
        apply.apply_waiting()
        assert now(subtask).status == S.DELIVERED

    def test_an_event_is_not_looked_at_again_before_its_time(self) -> None:
        tell(K.DELIVERED, None, subtask_id=4711)
        assert apply.apply_waiting() == 0

    def test_an_unknown_subtask_may_become_known(self) -> None:
        service = EmailServiceFactory()
        tell(K.DELIVERED, provider_message_id="abc", service_id=service.pk)
        assert [e.note for e in waiting()] == [match.UNKNOWN]
        subtask = sent(service=service, provider_message_id="abc")
        make_due()
        apply.apply_waiting()
        assert now(subtask).status == S.DELIVERED
        assert Event.objects.get().subtask_id == subtask.pk

    def test_each_wait_is_longer_up_to_a_limit(self) -> None:
        tell(K.DELIVERED, None, subtask_id=4711)
        grow_old(hours=0.1)
        apply.apply_waiting()
        (short,) = waiting()
        grow_old(hours=10)
        apply.apply_waiting()
        (long,) = waiting()
        wait = Event.objects.values_list(F("due_at") - Now(), flat=True).get()
        assert short.due_at < long.due_at
        assert dt.timedelta(minutes=9) < wait <= apply.LONGEST_WAIT

    def test_after_a_day_it_is_given_up_and_that_is_logged(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        tell(K.DELIVERED, None, subtask_id=4711)
        grow_old(hours=25)
        apply.apply_waiting()
        row = Event.objects.get()
        assert (row.state, row.note, row.subtask_id) == ("given_up", match.UNKNOWN, None)
        assert row.settled_at is not None
        assert "1 events of postmark were given up" in caplog.text

    def test_one_that_was_given_up_is_not_told_again(self) -> None:
        tell(K.DELIVERED, None, subtask_id=4711, dedupe_key="again")
        grow_old(hours=25)
        apply.apply_waiting()
        assert inbox.accept([event(K.DELIVERED, subtask_id=4711, dedupe_key="again")]) == 0


class TestMatching:
    def test_by_the_subtasks_id(self) -> None:
        subtask = sent()
        tell(K.DELIVERED, subtask_id=subtask.pk)
        assert now(subtask).status == S.DELIVERED

    def test_by_our_message_id(self) -> None:
        subtask = sent()
        tell(K.DELIVERED, message_id=message_id(subtask.pk, "mail.example.com"))
        assert now(subtask).status == S.DELIVERED

    def test_by_a_message_id_that_was_made_with_an_older_key(self, settings: Settings) -> None:
        subtask = sent()
        made = message_id(subtask.pk, "mail.example.com")
        settings.MESSAGE_ID_KEYS = ["new", *settings.MESSAGE_ID_KEYS]
        tell(K.DELIVERED, message_id=made)
        assert now(subtask).status == S.DELIVERED

    def test_by_a_message_id_of_before_they_had_a_key_of_their_own(
        self, settings: Settings
    ) -> None:
        subtask = sent()
        with override_settings(MESSAGE_ID_KEYS=[settings.SECRET_KEY]):
            made = message_id(subtask.pk, "mail.example.com")
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]
        tell(K.DELIVERED, message_id=made)
        assert now(subtask).status == S.DELIVERED

    def test_by_the_providers_name_and_the_recipient(self) -> None:
        service = EmailServiceFactory()
        first, second = (sent(service=service, provider_message_id="abc") for _ in range(2))
        told: dict[str, Any] = {"provider_message_id": "abc", "service_id": service.pk}
        tell(K.DELIVERED, recipient=second.recipient_email.upper(), **told)
        assert (now(first).status, now(second).status) == (S.SENT, S.DELIVERED)

    def test_by_the_providers_name_alone_where_that_is_enough(self) -> None:
        subtask = sent(provider_message_id="abc")
        tell(K.DELIVERED, provider_message_id="abc", service_id=subtask.service_id)
        assert now(subtask).status == S.DELIVERED

    def test_not_where_several_have_that_name(self) -> None:
        service = EmailServiceFactory()
        for _ in range(2):
            sent(service=service, provider_message_id="abc")
        tell(K.DELIVERED, provider_message_id="abc", service_id=service.pk)
        assert [e.note for e in waiting()] == [match.AMBIGUOUS]

    @pytest.mark.parametrize(
        "told",
        [
            {},
            {"recipient": "recipient@example.com"},
            {"subtask_id": 10**12},
            {"message_id": "<4711@example.com>"},
            {"message_id": "garbage"},
            {"provider_message_id": "unheard of"},
        ],
    )
    def test_what_nobody_knows_waits(self, told: dict[str, Any]) -> None:
        sent(recipient_email="recipient@example.com")
        tell(K.DELIVERED, **told)
        assert [e.note for e in waiting()] == [match.UNKNOWN]

    def test_a_message_id_whose_mark_is_forged_is_nobodys(self) -> None:
        subtask = sent()
        tell(K.HARD_BOUNCED, message_id=f"<{subtask.pk}.0123456789abcdef@example.com>")
        assert now(subtask).status == S.SENT

    @pytest.mark.parametrize("by", ["subtask_id", "message_id", "provider_message_id"])
    def test_no_service_can_tell_anything_about_anothers_subtask(self, by: str) -> None:
        subtask = sent(provider_message_id="abc")
        told: dict[str, Any] = {
            "subtask_id": subtask.pk,
            "message_id": message_id(subtask.pk, "mail.example.com"),
            "provider_message_id": "abc",
        }
        tell(K.HARD_BOUNCED, **{by: told[by]}, service_id=EmailServiceFactory().pk)
        assert now(subtask).status == S.SENT
        assert [e.note for e in waiting()] == [match.FOREIGN]

    def test_an_event_that_is_given_up_leaves_no_trace_on_anothers_subtask(self) -> None:
        subtask = sent()
        tell(K.HARD_BOUNCED, subtask, service_id=EmailServiceFactory().pk)
        grow_old(hours=25)
        apply.apply_waiting()
        assert not Event.objects.filter(subtask=subtask).exists()


class TestInBatches:
    def test_more_than_a_chunk_is_applied_in_one_go(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(apply, "CHUNK", 7)
        subtask = sent()
        inbox.accept(event(K.OPENED, subtask) for _ in range(20))
        assert apply.apply_waiting() == 20
        assert not waiting()

    def test_a_chunk_takes_the_same_statements_however_many_events(
        self, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        subtasks = [sent() for _ in range(20)]
        inbox.accept(event(K.HARD_BOUNCED, subtask) for subtask in subtasks)
        with django_assert_max_num_queries(14):
            apply.apply_waiting()

    def test_a_kind_that_only_a_newer_version_knows_waits_for_it(self) -> None:
        subtask = sent()
        inbox.accept([event(K.OPENED, subtask)])
        Event.objects.update(kind="forwarded")
        assert apply.apply_waiting() == 0
        assert len(waiting()) == 1

    def test_one_that_the_database_refuses_does_not_hold_up_the_others(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        good, bad = sent(), sent()
        inbox.accept([event(K.DELIVERED, bad), event(K.DELIVERED, good)])
        refuse(monkeypatch, bad)
        apply.apply_waiting()
        assert now(good).status == S.DELIVERED
        given_up = Event.objects.get(state=EventState.GIVEN_UP)
        assert given_up.note.startswith("The database refuses it: ")


def refuse(monkeypatch: pytest.MonkeyPatch, subtask: SubTask) -> None:
    """Let the database refuse whatever is written about a SubTask."""
    rise = states.rise

    def refusing(feedback: Iterable[states.StatusRise]) -> set[int]:
        rows = list(feedback)
        if any(row.id == subtask.pk for row in rows):
            raise DataError("cannot be stored")
        return rise(rows)

    monkeypatch.setattr(states, "rise", refusing)
