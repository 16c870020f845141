"""What is found to be told, and that it is told once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from campaigns.models import Operation, Task
from dispatch.models import BounceMailbox, DomainReport, EmailService, Pace
from dispatch.pace import pace_rows
from notices import looking, upkeep
from notices.models import Notice, Standing
from tests.factories import EmailServiceFactory, OperationFactory, TaskFactory, in_doubt
from tests.notices.telling import LONG_AGO, ada, grace, told
from tracking import pausing


def finish(task: Task) -> None:
    Task.objects.filter(pk=task.pk).update(status="completed", completed_at=Now())


def freeze(**values: object) -> Pace:
    """For an hour."""
    service = EmailServiceFactory()
    until = Now() + dt.timedelta(hours=1)
    Pace.objects.filter(pk=service.pk).update(frozen_until=until, freeze_reason="535", **values)
    return Pace.objects.get(pk=service.pk)


class TestMoments:
    def test_the_end_of_a_campaign_is_told_its_owner_once(self) -> None:
        finish(TaskFactory(owner=ada()))
        assert told() == told() == [("finished", "ada")]

    def test_an_end_after_more_was_sent_is_told_again(self) -> None:
        task = TaskFactory(owner=ada())
        finish(task)
        told()
        finish(task)
        assert told() == [("finished", "ada")] * 2

    def test_what_was_before_notices_were_there_is_not_told(self) -> None:
        task = TaskFactory(owner=ada())
        finish(task)
        Task.objects.filter(pk=task.pk).update(completed_at=LONG_AGO)
        assert told() == []

    def test_what_was_while_maintenance_was_down_for_days_is_told(self) -> None:
        Standing.objects.filter(kind="begun").update(since=LONG_AGO)
        task = TaskFactory(owner=ada())
        finish(task)
        Task.objects.filter(pk=task.pk).update(completed_at=Now() - dt.timedelta(days=6))
        assert told() == [("finished", "ada")]

    def test_is_not_told_again_when_its_notice_is_forgotten(self) -> None:
        Standing.objects.filter(kind="begun").update(since=LONG_AGO)
        task = TaskFactory(owner=ada())
        finish(task)
        told()
        month = dt.timedelta(days=31)
        Task.objects.filter(pk=task.pk).update(completed_at=Now() - month)
        Notice.objects.update(made_at=Now() - month)
        upkeep.forget_old()
        assert told() == [] and not Notice.objects.exists()

    def test_a_pause_by_itself_is_told_with_its_reason_and_one_by_staff_is_not(self) -> None:
        owner = ada()
        counts = pausing.PauseCounts(messages=1_000, hard_bounces=60, complaints=0)
        for reason in (pausing.too_many(counts), "Ada waits for the lawyer"):
            TaskFactory(owner=owner, status="paused", paused_at=Now(), note=reason)
        assert told() == [("paused", "ada")]
        reason = Notice.objects.get().facts["reason"]
        assert reason.startswith("Paused automatically: 60 of 1,000 messages bounced for good")

    @pytest.mark.parametrize(("state", "kind"), [("done", "imported"), ("failed", "import_failed")])
    def test_the_end_of_an_import_is_told(self, state: str, kind: str) -> None:
        work = {"owner": ada(), "state": state, "finished_at": Now()}
        OperationFactory(**work)
        Operation.objects.create(kind="export", **work)
        OperationFactory(params={"file_of": 1}, **work)  # a dry run
        assert told() == [(kind, "ada")]


class TestWhatLasts:
    def test_a_service_that_needs_a_person_is_told_once(self) -> None:
        grace()
        freeze(needs_person=True)
        assert told() == told() == [("frozen", "grace")]

    def test_one_that_staff_froze_is_told_with_their_reason(self) -> None:
        grace()
        pace_rows.freeze(EmailServiceFactory(), "the contract ends")
        assert told() == [("frozen", "grace")]
        assert Notice.objects.get().facts["reason"] == "the contract ends"

    def test_a_first_short_rest_is_not_told(self) -> None:
        grace()
        freeze(freezes_in_row=1)
        assert told() == []
        freeze(freezes_in_row=3)
        assert told() == [("frozen", "grace")]

    def test_what_comes_back_soon_is_the_same_occurrence(self) -> None:
        grace()
        pace = freeze(needs_person=True)
        told()
        Pace.objects.filter(pk=pace.pk).update(needs_person=False)
        told()
        Pace.objects.filter(pk=pace.pk).update(needs_person=True)
        assert told() == [("frozen", "grace")]

    def test_what_comes_back_after_a_while_is_told_anew(self) -> None:
        grace()
        pace = freeze(needs_person=True)
        told()
        Standing.objects.filter(kind="frozen").update(seen_at=Now() - dt.timedelta(minutes=16))
        Pace.objects.filter(pk=pace.pk).update(needs_person=False)
        told()
        Pace.objects.filter(pk=pace.pk).update(needs_person=True)
        assert told() == [("frozen", "grace")] * 2

    def test_messages_in_doubt_are_told_when_they_do_not_settle_by_themselves(self) -> None:
        task = TaskFactory(owner=ada(), status="sending")
        service = EmailServiceFactory()
        for _ in range(2):
            in_doubt(service, task=task)
        assert told() == []
        task.subtasks.update(in_doubt_since=LONG_AGO)
        assert told() == [("in_doubt", "ada")]
        assert Notice.objects.get().facts["count"] == 2

    def test_a_launch_that_failed_is_told_with_the_reason(self) -> None:
        TaskFactory(owner=ada(), note="It was not launched at its time.")
        assert told() == [("launch_failed", "ada")]
        assert Notice.objects.get().facts["reason"] == "It was not launched at its time."

    def test_a_domain_that_is_not_ready_is_told_with_the_checks_that_say_so(self) -> None:
        grace()
        report(EmailServiceFactory(domain="mail.acme-shop.net"))
        assert told() == [("domain", "grace")]
        assert Notice.objects.get().facts["reason"] == "DKIM, SPF"

    def test_a_domain_for_examples_is_never_ready_and_not_told(self) -> None:
        grace()
        report(EmailServiceFactory(domain="mail.example.com"))
        assert told() == []

    def test_a_domain_that_was_renamed_since_is_not_told(self) -> None:
        grace()
        made = report(EmailServiceFactory(domain="mail.acme-shop.net"))
        DomainReport.objects.filter(pk=made.pk).update(domain="old.acme-shop.net")
        assert told() == []

    def test_a_mailbox_that_could_not_be_read_three_times_is_told(self) -> None:
        grace()
        service = EmailServiceFactory()
        BounceMailbox.objects.create(service=service, domain="b.example.com", failures_in_row=2)
        assert told() == []
        BounceMailbox.objects.update(failures_in_row=3, problem="no answer")
        assert told() == [("mailbox", "grace")]

    def test_a_service_that_is_switched_off_is_not_told(self) -> None:
        grace()
        pace = freeze(needs_person=True)
        BounceMailbox.objects.create(
            service=pace.service, domain="b.example.com", failures_in_row=3
        )
        EmailService.objects.update(enabled=False)
        assert told() == []


def report(service: EmailService) -> DomainReport:
    """The domain of the service has problems."""
    checks = [("DKIM", "problem"), ("SPF", "problem"), ("MX", "ok")]
    values = {
        "domain": service.domain,
        "selector": service.dkim_selector,
        "verdict": "problem",
        "checked_at": Now(),
        "checks": [{"name": name, "verdict": verdict} for name, verdict in checks],
    }
    return DomainReport.objects.update_or_create(service=service, defaults=values)[0]


def test_of_very_many_the_next_looks_tell_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "MOST_NEW", 2)
    owner = ada()
    for _ in range(3):
        finish(TaskFactory(owner=owner))
        TaskFactory(owner=owner, note="It was not launched at its time.")
    assert [looking.look_now() for _ in range(3)] == [4, 2, 0]


def test_looking_at_many_campaigns_takes_no_more_queries_than_at_few() -> None:
    owner = ada()
    counts = []
    for _ in range(2):
        for _ in range(5):
            finish(TaskFactory(owner=owner))
            TaskFactory(owner=owner, note="It was not launched at its time.")
        looking.look_now()
        with CaptureQueriesContext(connection) as captured:
            looking.look_now()
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 16
