"""Erasing an address: what is forgotten, what stays, and what comes afterwards."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from contextlib import ExitStack
from io import BytesIO
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import connection, transaction
from django.db.models.functions import Now

from campaigns import erased_keys, erasure_lock
from campaigns import erasure as erasing
from campaigns.imports.writing.contacts import import_contacts
from campaigns.launching import launch
from campaigns.models import Contact, SubTask, SubTaskStatus, Suppression, Tally, Task, TaskStatus
from campaigns.state import retries, states
from campaigns.state.states import Held, Settlement
from dispatch.audit import audit
from dispatch.claiming import claims
from dispatch.models import Attempt, EmailService, Pace
from dispatch.results import recovery
from privacy.erasure import NotNow, erase
from tests.concurrency import running, second_connection, wait_until_somebody_waits_for_a_lock
from tests.factories import (
    ContactFactory,
    ContentFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TagFactory,
    TaskFactory,
    UserFactory,
    held,
    in_doubt,
    living_dispatcher,
    token_of,
)
from tests.tracking.making import event, now, sent, tell
from tracking.event_kinds import EventKind
from tracking.events import apply, inbox
from tracking.models import Event, EventTally

pytestmark = pytest.mark.django_db
STORE_SQL = """
INSERT INTO campaigns_subtask (task_id, content_id, recipient_email, variables, status, attempts,
                               failure_reason, error, provider_message_id)
VALUES (%s, %s, %s, '{}', 'pending', 0, '', '', '')
"""
ADA, BOB = "ada@example.com", "bob@example.com"


def tables_that_name(text: str) -> list[str]:
    """The tables of the database in which a text is found anywhere, in any column."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            quoted = connection.ops.quote_name(table)
            cursor.execute(
                f"SELECT count(*) FROM {quoted} AS t WHERE position(%s IN lower(t::text)) > 0",
                [text],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def attempt(subtask: SubTask, reply: str) -> Attempt:
    return Attempt.objects.create(
        subtask=subtask,
        service=subtask.service or EmailServiceFactory(),
        dispatcher_id=1,
        claim_token=uuid.uuid4(),
        slot_at=Now(),
        started_at=Now(),
        outcome="accepted",
        reply=reply,
    )


class TestEverythingAboutAnAddress:
    @pytest.fixture
    def subtask(self) -> SubTask:
        """Ada is known in every table that can know her."""
        for _ in range(2):
            contact = ContactFactory(email=ADA, attributes={"mail": ADA})
            contact.tags.add(TagFactory(owner=contact.owner))
            TaskFactory(owner=contact.owner).contacts.add(contact)
        subtask = sent(recipient_email=ADA, error=f"450 {ADA} later")
        attempt(subtask, f"250 {ADA} queued")
        told: dict[str, Any] = {
            "recipient": "Ada@example.com",
            "raw": {"to": ADA},
            "detail": f"to {ADA}",
        }
        tell(EventKind.DELIVERED, subtask, user_agent="x", ip_address="192.0.2.1", **told)
        tell(EventKind.CLICKED, subtask, url=f"https://example.com/?m={ADA}")
        inbox.accept([event(EventKind.OPENED, dedupe_key=f"1:{ADA}", **told)])
        Suppression.objects.create(email=ADA, reason="complaint", source="SES")
        LogEntry.objects.create(
            user=UserFactory(),
            object_repr=f"SubTask {subtask.pk} to {ADA}",
            action_flag=CHANGE,
            change_message="Test to Ada@Example.com accepted; not to xada@example.com.",
        )
        return subtask

    def test_is_in_the_tables_that_this_test_means(self, subtask: SubTask) -> None:
        assert set(tables_that_name(ADA)) == {
            "campaigns_contact",
            "campaigns_searchblock",
            "campaigns_subtask",
            "campaigns_suppression",
            "dispatch_attempt",
            "django_admin_log",
            "tracking_event",
        }

    def test_is_in_no_table_afterwards(self, subtask: SubTask) -> None:
        LogEntry.objects.update(change_message="Test to Ada@Example.com accepted.")
        erase(ADA)
        assert tables_that_name(ADA) == []

    def test_makes_way_for_a_hash_on_the_suppression_list(self, subtask: SubTask) -> None:
        done = erase(ADA)
        rows = dict(Suppression.objects.values_list("email", "reason"))
        assert rows == {erased_keys.key_of(ADA): "erased", erased_keys.PLACEHOLDERS: "erased"}
        assert done.key == erased_keys.key_of(ADA)

    def test_is_counted(self, subtask: SubTask) -> None:
        done = erase(ADA)
        assert (done.contacts, done.messages, done.stopped, done.events) == (2, 1, 0, 3)

    def test_leaves_the_message_behind_with_its_proof(self, subtask: SubTask) -> None:
        erase(ADA)
        row = now(subtask)
        assert row.recipient_email == f"erased-{subtask.pk}@erased.invalid"
        assert (row.variables, row.error, row.status) == ({}, "", "clicked")
        proof = Attempt.objects.get()
        assert (proof.outcome, proof.reply) == ("accepted", "")

    def test_leaves_the_counts_as_they_are(self, subtask: SubTask) -> None:
        def counts() -> Any:
            return Tally.objects.counts(subtask.task_id), list(
                EventTally.objects.order_by("pk").values()
            )

        before = counts()
        erase(ADA)
        assert counts() == before

    def test_leaves_the_events_behind_without_what_is_personal(self, subtask: SubTask) -> None:
        erase(ADA)
        click = Event.objects.get(kind="clicked")
        assert (click.subtask_id, click.url, click.raw) == (subtask.pk, "", None)
        delivered = Event.objects.get(kind="delivered")
        assert (delivered.ip_address, delivered.user_agent, delivered.detail) == ("", "", "")

    def test_leaves_longer_addresses_that_contain_it_alone(self, subtask: SubTask) -> None:
        ContactFactory(email="xada@example.com")
        erase(ADA)
        entry = LogEntry.objects.get()
        assert entry.object_repr == f"SubTask {subtask.pk} to [erased address]"
        assert "Test to [erased address] accepted" in entry.change_message
        assert "xada@example.com" in entry.change_message
        assert Contact.objects.get().email == "xada@example.com"

    def test_is_not_named_in_the_log(
        self, subtask: SubTask, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG, logger="privacy"):
            erase(ADA)
        assert "was erased" in caplog.text
        assert "ada" not in caplog.text

    def test_is_erased_again_without_harm(self, subtask: SubTask) -> None:
        first, again = erase(ADA), erase(ADA)
        assert (again.contacts, again.messages, again.events) == (0, 0, 0)
        assert again.key == first.key
        assert Suppression.objects.count() == 2

    def test_of_others_is_left_alone(self, subtask: SubTask) -> None:
        other = SubTaskFactory(recipient_email=BOB, task=subtask.task, content=subtask.content)
        erase(ADA)
        assert now(other).recipient_email == BOB
        assert now(other).status == "pending"

    def test_leaves_a_green_audit(self, subtask: SubTask) -> None:
        Suppression.objects.all().delete()
        before = [(each.guarantee, each.offenders) for each in audit()]
        erase(ADA)
        assert [(each.guarantee, each.offenders) for each in audit()] == before


class TestWhatWasNotSentYet:
    def test_never_will_be(self) -> None:
        subtask = SubTaskFactory(recipient_email=ADA)
        assert erase(ADA).stopped == 1
        assert (now(subtask).status, now(subtask).failure_reason) == ("failed", "suppressed")
        assert claims.lock_claimable(subtask.task_id, 5) == []

    def test_is_taken_from_the_dispatcher_that_reserved_it_with_its_quota(self) -> None:
        service: EmailService = EmailServiceFactory(daily_quota=100)
        Pace.objects.update(quota_period_start=Now() - dt.timedelta(hours=1), quota_used=5)
        row = held(
            SubTaskStatus.ALLOCATED,
            living_dispatcher(),
            service,
            recipient_email=ADA,
            allocated_at=Now(),
        )
        erase(ADA)
        assert (now(row).status, now(row).failure_reason) == ("failed", "suppressed")
        assert states.begin_sending([Held(row.pk, token_of(row))]) == {}
        assert Pace.objects.get(service=service).quota_used == 4

    def test_is_not_tried_again_by_staff(self) -> None:
        subtask = SubTaskFactory(recipient_email=ADA)
        erase(ADA)
        plan = retries.retry_failed(SubTask.objects.filter(pk=subtask.pk))
        assert (plan.retryable, plan.suppressed) == (0, 1)


class TestWhatIsJustBeingHandedOver:
    @pytest.fixture
    def row(self) -> SubTask:
        ContactFactory(email=ADA)
        return held(
            SubTaskStatus.SENDING,
            living_dispatcher(),
            EmailServiceFactory(),
            recipient_email=ADA,
            sending_at=Now(),
        )

    def test_is_waited_for_with_nothing_forgotten(self, row: SubTask) -> None:
        with pytest.raises(NotNow, match="1 message to the address is being handed over"):
            erase(ADA)
        assert now(row).recipient_email == ADA
        assert Contact.objects.count() == 1

    def test_is_the_last_message_that_the_address_gets(self, row: SubTask) -> None:
        other = SubTaskFactory(recipient_email=ADA)
        with pytest.raises(NotNow):
            erase(ADA)
        assert claims.lock_claimable(other.task_id, 5) == []

    def test_is_erased_when_its_outcome_is_known(self, row: SubTask) -> None:
        states.settle([Settlement(row.pk, token_of(row), SubTaskStatus.SENT)])
        erase(ADA)
        assert tables_that_name(ADA) == []

    def test_is_erased_when_its_outcome_will_never_be_known(self) -> None:
        row = in_doubt(EmailServiceFactory(), recipient_email=ADA)
        erase(ADA)
        assert (now(row).status, now(row).in_doubt_since is None) == ("sending", False)
        assert tables_that_name(ADA) == []

    def test_if_in_doubt_is_not_sent_to_the_placeholder_when_staff_say_send_again(self) -> None:
        row = in_doubt(EmailServiceFactory(), recipient_email=ADA)
        erase(ADA)
        states.resolve_doubt([row.pk], SubTaskStatus.PENDING)
        assert claims.lock_claimable(row.task_id, 5) == []
        assert now(row).failure_reason == "suppressed"


class TestWhatComesLater:
    @pytest.fixture
    def subtask(self) -> SubTask:
        subtask = sent(recipient_email=ADA, provider_message_id="abc")
        erase(ADA)
        return subtask

    @pytest.mark.parametrize(
        "kind",
        [EventKind.DELIVERED, EventKind.HARD_BOUNCED, EventKind.COMPLAINED, EventKind.UNSUBSCRIBED],
    )
    def test_about_its_message_counts_and_does_not_bring_it_back(
        self, subtask: SubTask, kind: EventKind
    ) -> None:
        tell(kind, subtask, recipient=ADA, raw={"to": ADA}, detail=f"no {ADA} here")
        assert Event.objects.get().state == "applied"
        assert EventTally.objects.get().events == 1
        assert tables_that_name(ADA) == []
        assert Suppression.objects.count() == 2

    def test_by_the_name_of_the_provider_finds_its_message(self, subtask: SubTask) -> None:
        tell(
            EventKind.DELIVERED,
            provider_message_id="abc",
            recipient=ADA,
            service_id=subtask.service_id,
        )
        assert now(subtask).status == "delivered"
        assert tables_that_name(ADA) == []

    def test_about_nothing_known_does_not_bring_it_back(self, subtask: SubTask) -> None:
        tell(EventKind.HARD_BOUNCED, recipient=ADA, raw={"to": ADA}, provider_message_id="zzz")
        assert Event.objects.get().state == "waiting"
        assert tables_that_name(ADA) == []

    def test_of_several_events_only_those_about_it_are_emptied(self, subtask: SubTask) -> None:
        other = sent(recipient_email=BOB)
        inbox.accept(
            [
                event(EventKind.DELIVERED, subtask, recipient=ADA, raw={"to": ADA}),
                event(EventKind.DELIVERED, other, recipient=BOB, raw={"to": BOB}),
            ]
        )
        apply.apply_waiting()
        assert Event.objects.get(subtask=other).raw == {"to": BOB}
        assert Event.objects.get(subtask=subtask).raw is None

    def test_in_a_list_of_contacts_is_rejected(self, subtask: SubTask) -> None:
        report = import_contacts(BytesIO(b"email\nada@example.com"), UserFactory())
        assert len(report.rejected) == 1
        assert tables_that_name(ADA) == []

    def test_from_a_dispatcher_that_is_dead_is_harmless(self, subtask: SubTask) -> None:
        assert recovery.recover_dead() == 0


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    """What was begun before is waited for, so that it cannot bring the address back."""

    def test_what_is_just_being_stored_is_erased_with_the_rest(self) -> None:
        task: Task = SendingTaskFactory()
        content = ContentFactory(task=task)
        with second_connection() as other, other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [erasure_lock.ADVISORY_LOCK])
            cursor.execute(STORE_SQL, [task.pk, content.pk, ADA])
            with running(lambda: erase(ADA)) as erasure:
                wait_until_somebody_waits_for_a_lock()
                cursor.execute("COMMIT")
                assert erasure.result().messages == 1
        assert tables_that_name(ADA) == []

    def test_a_contact_that_is_just_being_typed_is_erased_with_the_rest(self) -> None:
        typed = Contact(owner=UserFactory(), email=ADA)
        with ExitStack() as thread:
            with transaction.atomic():
                typed.full_clean()
                erasure = thread.enter_context(running(lambda: erase(ADA)))
                wait_until_somebody_waits_for_a_lock()
                typed.save()
            assert erasure.result().contacts == 1
        assert tables_that_name(ADA) == []

    def test_a_launch_that_begins_meanwhile_knows_already(self) -> None:
        task = TaskFactory(status=TaskStatus.QUEUED, launched_at=Now())
        ContactFactory(owner=task.owner, email=ADA)
        ContactFactory(owner=task.owner, email=BOB)
        erasing.forbid(ADA)
        launch.expand(task.pk)
        assert SubTask.objects.get().recipient_email == BOB

    def test_who_stores_addresses_for_too_long_is_named(self) -> None:
        with second_connection() as other, other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [erasure_lock.ADVISORY_LOCK])
            with connection.cursor() as mine:
                mine.execute("SET lock_timeout = '50ms'")
            with pytest.raises(NotNow, match="erase it again in a minute"):
                erase(ADA)
            cursor.execute("ROLLBACK")
        connection.close()
        erase(ADA)
