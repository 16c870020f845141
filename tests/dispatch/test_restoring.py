"""A backup is restored: what happened since is carried over, so that nothing is sent twice and who
unsubscribed stays so.
"""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from addressing.message_ids import message_id
from campaigns.models import SubTask, SubTaskStatus, Suppression, TaskStatus
from dispatch.audit import audit
from dispatch.models import Attempt, AttemptOutcome
from dispatch.restoring import carry
from tests.dispatching import Dispatch, MakeService, nothing_left
from tests.factories import (
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TaskFactory,
    held,
    in_doubt,
    living_dispatcher,
)
from tests.smtp_server import SmtpServer
from tracking.subscriptions import Subscriber, unsubscribe

pytestmark = pytest.mark.django_db
S = SubTaskStatus
LONG_AGO = "2020-01-01T00:00:00+00:00"


@pytest.fixture(autouse=True)
def few_numbers_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaving out a million takes PostgreSQL seconds; the test of the numbers does."""
    monkeypatch.setattr(carry, "AHEAD", 1_000)


def run(command: str, *arguments: object) -> str:
    out = StringIO()
    call_command(command, *map(str, arguments), stdout=out)
    return out.getvalue()


def file_of(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    path = tmp_path / "since.jsonl"
    lines = [*rows, {"complete": True, "since": LONG_AGO}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def log_of(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "mail.log"
    path.write_text("\n".join(lines) + "\n")
    return path


def handed_over(subtask: SubTask, service_id: int, **changed: Any) -> dict[str, Any]:
    return {
        "handed_over": subtask.pk,
        "task": subtask.task_id,
        "recipient": subtask.recipient_email,
        "service": service_id,
        "at": "2026-01-01T10:00:00+00:00",
        "in_doubt": False,
        **changed,
    }


def state(subtask: SubTask) -> str:
    return SubTask.objects.values_list("status", flat=True).get(pk=subtask.pk)


def broken() -> list[str]:
    return [text for result in audit() for text in result.offenders]


class TestExport:
    def test_it_has_what_was_suppressed_since_and_nothing_older(self) -> None:
        Suppression.objects.create(email="old@example.com")
        Suppression.objects.filter(email="old@example.com").update(
            created_at=timezone.now() - dt.timedelta(days=2)
        )
        Suppression.objects.create(email="new@example.com", reason="complaint", source="a provider")
        since = (timezone.now() - dt.timedelta(days=1)).isoformat()
        first, last = map(json.loads, run("export_since", since).splitlines())
        assert first == {
            "suppressed": "new@example.com",
            "reason": "complaint",
            "source": "a provider",
        }
        assert last["complete"] is True

    def test_a_time_without_its_offset_is_refused(self) -> None:
        with pytest.raises(CommandError, match="offset"):
            run("export_since", "2026-01-01T10:00:00")

    def test_what_is_in_doubt_is_exported_as_such(self) -> None:
        subtask = in_doubt(EmailServiceFactory())
        first, _ = map(json.loads, run("export_since", LONG_AGO).splitlines())
        assert (first["handed_over"], first["in_doubt"]) == (subtask.pk, True)


@pytest.mark.django_db(transaction=True)
def test_what_was_sent_after_the_backup_is_sent_to_nobody_again(
    smtp: SmtpServer, make_service: MakeService, dispatch: Dispatch, tmp_path: Path
) -> None:
    """The backup is what the database was before the dispatcher ran."""
    service = make_service()
    task = SendingTaskFactory()
    subtasks = SubTaskFactory.create_batch(3, task=task)
    backup: list[dict[str, Any]] = [dict(row) for row in SubTask.objects.values()]
    dispatch()
    leaver = subtasks[0]
    unsubscribe(Subscriber(leaver.pk, leaver.recipient_email))
    exported = tmp_path / "since.jsonl"
    exported.write_text(run("export_since", LONG_AGO))

    Attempt.objects.all().delete()
    Suppression.objects.all().delete()
    for row in backup:
        SubTask.objects.filter(pk=row.pop("id")).update(**row)
    later = SubTaskFactory(task=task)
    waiting = SubTaskFactory(task=SendingTaskFactory(), recipient_email=leaver.recipient_email)
    said = run("carry_over", exported)

    assert "1 entry added to the suppression list, 3 SubTasks marked as sent, 0 in doubt" in said
    dispatch(nothing_left)
    recipients = sorted(message.recipient for message in smtp.messages)
    assert recipients == sorted(row.recipient_email for row in [*subtasks, later])
    assert SubTask.objects.get(pk=waiting.pk).failure_reason == "suppressed"
    assert Attempt.objects.filter(outcome=AttemptOutcome.RESTORED, service=service).count() == 3
    assert broken() == []


class TestCarryOver:
    @pytest.mark.parametrize("status", [S.ALLOCATED, S.SENDING])
    def test_what_a_dispatcher_held_at_the_time_of_the_backup_is_marked(
        self, status: SubTaskStatus, tmp_path: Path
    ) -> None:
        service = EmailServiceFactory()
        gone = living_dispatcher()
        gone.heartbeat_at = timezone.now() - dt.timedelta(hours=1)
        gone.save()
        subtask = held(status, gone, service)
        run("carry_over", file_of(tmp_path, handed_over(subtask, service.pk)))
        assert state(subtask) == S.SENT

    def test_a_failed_one_that_was_retried_since_is_marked(self, tmp_path: Path) -> None:
        service = EmailServiceFactory()
        subtask = SubTaskFactory(status=S.FAILED, failure_reason="retries_exhausted")
        run("carry_over", file_of(tmp_path, handed_over(subtask, service.pk)))
        assert state(subtask) == S.SENT
        assert broken() == []

    def test_a_doubt_stays_one_and_is_not_repeated(self, tmp_path: Path) -> None:
        service = EmailServiceFactory()
        subtask = SubTaskFactory()
        run("carry_over", file_of(tmp_path, handed_over(subtask, service.pk, in_doubt=True)))
        row = SubTask.objects.in_doubt().get()
        assert (row.pk, row.status, row.sending_at) == (subtask.pk, S.SENDING, None)
        assert broken() == []

    def test_a_doubt_of_the_backup_that_was_settled_since_is_sent(self, tmp_path: Path) -> None:
        service = EmailServiceFactory()
        subtask = in_doubt(service)
        run("carry_over", file_of(tmp_path, handed_over(subtask, service.pk)))
        assert state(subtask) == S.SENT

    def test_it_may_be_done_again(self, tmp_path: Path) -> None:
        service = EmailServiceFactory()
        subtask = SubTaskFactory()
        entry = {"suppressed": "a@example.com", "reason": "unsubscribed", "source": ""}
        file = file_of(tmp_path, entry, handed_over(subtask, service.pk))
        run("carry_over", file)
        said = run("carry_over", file)
        assert "0 entries added to the suppression list, 0 SubTasks marked as sent" in said
        assert Attempt.objects.count() == 1

    def test_a_number_that_is_another_recipients_is_left_alone_and_said(
        self, tmp_path: Path
    ) -> None:
        service = EmailServiceFactory()
        subtask = SubTaskFactory()
        row = handed_over(subtask, service.pk, recipient="other@example.com")
        said = run("carry_over", file_of(tmp_path, row))
        assert state(subtask) == S.PENDING
        assert f"1 message of task {subtask.task_id} “{subtask.task.name}”" in said

    def test_a_recipient_who_was_erased_since_is_marked(self, tmp_path: Path) -> None:
        service = EmailServiceFactory()
        subtask = SubTaskFactory()
        row = handed_over(subtask, service.pk, recipient=f"erased-{subtask.pk}@erased.invalid")
        run("carry_over", file_of(tmp_path, row))
        assert state(subtask) == S.SENT

    def test_the_next_subtask_has_a_number_that_none_had_before(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.undo()
        service = EmailServiceFactory()
        subtask = SubTaskFactory()
        gone = handed_over(subtask, service.pk, handed_over=subtask.pk + 70_000)
        run("carry_over", file_of(tmp_path, gone))
        assert SubTaskFactory().pk > subtask.pk + 1_000_000

    def test_what_was_sent_today_counts_for_the_quota_of_today(self, tmp_path: Path) -> None:
        service = EmailServiceFactory(daily_quota=10)
        old, new = SubTaskFactory.create_batch(2)
        now = timezone.now().isoformat()
        rows = [handed_over(old, service.pk), handed_over(new, service.pk, at=now)]
        run("carry_over", file_of(tmp_path, *rows))
        service.pace.refresh_from_db()
        assert service.pace.quota_used == 1

    def test_a_file_that_was_cut_off_changes_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "cut.jsonl"
        path.write_text('{"suppressed": "a@example.com", "reason": "unsubscribed", "source": ""}\n')
        with pytest.raises(CommandError, match="not complete"):
            run("carry_over", path)
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize(
        "line",
        ["nonsense", "[1]", '{"handed_over": "x"}', '{"suppressed": "a@b.c", "reason": "why"}'],
    )
    def test_a_line_that_is_not_understood_changes_nothing(self, line: str, tmp_path: Path) -> None:
        path = tmp_path / "bad.jsonl"
        path.write_text(f'{line}\n{{"complete": true}}\n')
        with pytest.raises(CommandError, match="is not one of"):
            run("carry_over", path)

    def test_nothing_is_carried_over_while_a_dispatcher_lives(self, tmp_path: Path) -> None:
        living_dispatcher()
        with pytest.raises(CommandError, match="Stop every cluster"):
            run("carry_over", file_of(tmp_path))


class TestLogs:
    def test_a_message_that_a_mail_server_logged_is_marked(self, tmp_path: Path) -> None:
        service = EmailServiceFactory()
        subtask, other = SubTaskFactory.create_batch(2)
        line = "Jan  1 10:00:00 mx postfix/cleanup[7]: 4F2: message-id="
        run("carry_over_log", log_of(tmp_path, line + message_id(subtask.pk, service.domain)))
        assert (state(subtask), state(other)) == (S.SENT, S.PENDING)
        assert SubTask.objects.get(pk=subtask.pk).service_id == service.pk
        assert broken() == []

    def test_a_table_of_a_provider_may_leave_out_the_brackets(self, tmp_path: Path) -> None:
        service = EmailServiceFactory()
        subtask = SubTaskFactory()
        cell = message_id(subtask.pk, service.domain).strip("<>")
        run("carry_over_log", log_of(tmp_path, f'2026-01-01,"{cell}",delivered'))
        assert state(subtask) == S.SENT

    def test_a_forged_message_id_marks_nothing(self, tmp_path: Path) -> None:
        subtask = SubTaskFactory()
        run("carry_over_log", log_of(tmp_path, f"<{subtask.pk}.0123456789abcdef@example.com>"))
        assert state(subtask) == S.PENDING

    def test_what_failed_before_the_backup_stays_failed(self, tmp_path: Path) -> None:
        service = EmailServiceFactory()
        subtask = SubTaskFactory(status=S.FAILED, failure_reason="rejected")
        run("carry_over_log", log_of(tmp_path, message_id(subtask.pk, service.domain)))
        assert state(subtask) == S.FAILED

    def test_our_own_log_tells_who_unsubscribed(
        self, caplog: pytest.LogCaptureFixture, tmp_path: Path
    ) -> None:
        EmailServiceFactory()
        subtask = SubTaskFactory()
        with caplog.at_level("INFO"):
            unsubscribe(Subscriber(subtask.pk, subtask.recipient_email))
        Suppression.objects.all().delete()
        assert subtask.recipient_email not in caplog.text
        run("carry_over_log", log_of(tmp_path, caplog.text))
        entry = Suppression.objects.get()
        assert (entry.email, entry.reason) == (subtask.recipient_email, "unsubscribed")

    def test_a_line_that_a_stranger_had_logged_unsubscribes_nobody(self, tmp_path: Path) -> None:
        SubTaskFactory()
        run("carry_over_log", log_of(tmp_path, f"GET /?unsubscribed: {'A' * 24} HTTP/1.1"))
        assert not Suppression.objects.exists()


class TestAfterRestore:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (TaskStatus.SENDING, TaskStatus.PAUSED),
            (TaskStatus.SCHEDULED, TaskStatus.DRAFT),
            (TaskStatus.QUEUED, TaskStatus.CANCELLED),
            (TaskStatus.DRAFT, TaskStatus.DRAFT),
            (TaskStatus.COMPLETED, TaskStatus.COMPLETED),
        ],
    )
    def test_no_task_goes_on_by_itself(self, before: TaskStatus, after: TaskStatus) -> None:
        task = TaskFactory(status=before, scheduled_at=timezone.now())
        said = run("after_restore")
        task.refresh_from_db()
        assert task.status == after
        assert (f"Task {task.pk} “{task.name}”" in said) == (before != after)

    def test_it_is_refused_while_a_dispatcher_lives(self) -> None:
        living_dispatcher()
        with pytest.raises(CommandError, match="Stop every cluster"):
            run("after_restore")
