"""An action on all SubTasks that match, not only those of the page: counted, bounded, narrow."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from unittest.mock import Mock

import pytest
from django.db.models.functions import Now

from campaigns.models import Operation, SubTask, Suppression, Task
from campaigns.operations import running
from campaigns.state import bulk
from dispatch.models import Decision, EmailService
from signin.models import Profile
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    OPERATOR,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import (
    ContentFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    in_doubt,
)

pytestmark = pytest.mark.django_db

LIST = address("campaigns.subtask", "changelist")
IN_DOUBT = "?in_doubt=yes"


@pytest.fixture
def user() -> Any:
    return member(MANAGER)


def task_in_doubt(owner: Any, number: int) -> Any:
    """A task with so many messages in doubt, and one that is not."""
    task = SendingTaskFactory(owner=owner)
    content, service = ContentFactory(task=task), EmailServiceFactory()
    for _ in range(number):
        in_doubt(service, task=task, content=content)
    SubTaskFactory(task=task, content=content)
    return task


def run_on_all(user: Any, action: str, query: str, **fields: str) -> Any:
    form = {"action": action, "_selected_action": "0", "select_across": "1", **fields}
    return signed_in(user).post(LIST + query, form, follow=True)


def hidden(question: Any) -> str:
    """When it was put, as its form keeps it."""
    return str(re.findall(r'name="at" value="([^"]+)"', page_of(question))[0])


def test_are_offered_with_their_number(user: Any) -> None:
    task = task_in_doubt(user, 60)
    client = signed_in(user)
    offered = page_of(client.get(LIST + IN_DOUBT))
    assert "objects across all pages" in offered
    assert "Select all 60 messages" in offered
    assert "Select all 61 messages" in page_of(client.get(f"{LIST}?task__id__exact={task.pk}"))


def test_are_not_offered_where_counting_would_read_everything(user: Any) -> None:
    task_in_doubt(user, 60)
    for query in ("", "?status__exact=failed", "?in_doubt=no"):
        assert "objects across all pages" not in page_of(signed_in(user).get(LIST + query))


@pytest.mark.parametrize("action", ["was_sent", "send_again", "give_up"])
def test_are_asked_about_by_number_and_settled_together(user: Any, action: str) -> None:
    task_in_doubt(user, 60)
    assert "60 messages in doubt" in page_of(run_on_all(user, action, IN_DOUBT))
    assert Decision.objects.count() == 0
    response = run_on_all(user, action, IN_DOUBT, **CONFIRM)
    assert "60 messages in doubt" in texts(response)
    assert Decision.objects.filter(user=user).count() == 60
    assert not SubTask.objects.filter(in_doubt_since__isnull=False).exists()


def test_that_failed_in_a_task_are_tried_again(user: Any) -> None:
    task = task_in_doubt(user, 1)
    SubTaskFactory.create_batch(
        60, task=task, content=task.contents.get(), status="failed", failure_reason="rejected"
    )
    query = f"?task__id__exact={task.pk}&status__exact=failed"
    run_on_all(user, "retry_failed_subtasks", query, **CONFIRM)
    assert not SubTask.objects.filter(status="failed").exists()
    assert SubTask.objects.filter(status="pending").count() == 61


def test_of_a_filter_that_is_not_kept_are_refused_beyond_the_bound(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 2)
    for _ in range(3):
        task = SendingTaskFactory(owner=user)
        in_doubt(EmailServiceFactory(), task=task, recipient_email="ada@example.com")
    response = run_on_all(user, "give_up", f"{IN_DOUBT}&q=ada@example.com", **CONFIRM)
    assert "Nothing was changed" in texts(response)
    assert SubTask.objects.in_doubt().count() == 3


def test_of_two_campaigns_are_not_offered(user: Any) -> None:
    first, second = task_in_doubt(user, 60), task_in_doubt(user, 60)
    both = f"?task__id__exact={first.pk}&task__id__exact={second.pk}"
    assert "objects across all pages" not in page_of(signed_in(user).get(LIST + both))


def test_of_two_campaigns_are_not_left_to_a_filter_by_one_of_them(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 2)
    first, second = task_in_doubt(user, 3), task_in_doubt(user, 3)
    both = f"{IN_DOUBT}&task__id__exact={first.pk}&task__id__exact={second.pk}"
    assert "Nothing was changed" in texts(run_on_all(user, "give_up", both, **CONFIRM))
    assert not Operation.objects.exists() and SubTask.objects.in_doubt().count() == 6


@pytest.mark.parametrize(
    ("at", "left"),
    [
        ("0001-01-01T00:00:00+23:59", 0),  # before any time that there is: as if none were given
        ("2020-01-01T00:00:00+23:59", 2),  # an offset that the database does not know
        ("9999-12-31T23:59:59-23:59", 0),
        ("2020-01-01", 0),
        ("\x00", 0),
    ],
)
def test_as_of_an_odd_time_are_decided_without_an_error(user: Any, at: str, left: int) -> None:
    task_in_doubt(user, 2)
    assert run_on_all(user, "give_up", IN_DOUBT, **CONFIRM, at=at).status_code == 200
    assert SubTask.objects.in_doubt().count() == left


def test_that_come_into_doubt_after_the_question_are_left_alone(user: Any) -> None:
    task = task_in_doubt(user, 2)
    asked = hidden(run_on_all(user, "give_up", IN_DOUBT))
    later = in_doubt(EmailServiceFactory(), task=task, content=task.contents.get())
    SubTask.objects.filter(pk=later.pk).update(in_doubt_since=Now() + dt.timedelta(minutes=1))
    run_on_all(user, "give_up", IN_DOUBT, **CONFIRM, at=asked)
    assert SubTask.objects.in_doubt().get() == later


class TestMoreThanARequestMayChange:
    """They are changed in the cluster, with progress."""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bulk, "MOST_AT_ONCE", 2)
        monkeypatch.setattr(bulk, "PIECE", 2)

    def failed(self, owner: Any, number: int = 5) -> Any:
        task = SendingTaskFactory(owner=owner, name="Spring")
        content = ContentFactory(task=task)
        SubTaskFactory.create_batch(
            number, task=task, content=content, status="failed", failure_reason="rejected"
        )
        SubTaskFactory(task=task, content=content, status="sent", service=EmailServiceFactory())
        return task

    def confirm(self, user: Any, action: str, query: str) -> Operation:
        asked = hidden(run_on_all(user, action, query))
        run_on_all(user, action, query, **CONFIRM, at=asked)
        return Operation.objects.order_by("pk").last()  # type: ignore[return-value]  # there is one

    def work(self, operation: Operation) -> Operation:
        running.run(operation.pk)
        operation.refresh_from_db()
        return operation

    def test_are_asked_about_by_number(self, user: Any) -> None:
        task = self.failed(user)
        for query in ("", "&status__exact=failed", "&stage=failed"):
            page = page_of(
                run_on_all(user, "retry_failed_subtasks", f"?task__id__exact={task.pk}{query}")
            )
            assert "5 messages of “Spring” failed." in page
            assert "These are more than 2: it is done in the background" in page
        assert not Operation.objects.exists()

    def test_that_failed_are_tried_again(self, user: Any) -> None:
        task = self.failed(user)
        operation = self.confirm(user, "retry_failed_subtasks", f"?task__id__exact={task.pk}")
        assert (operation.state, operation.total, operation.title) == ("queued", 5, "Spring")
        assert SubTask.objects.filter(status="pending").count() == 0
        self.work(operation)
        assert (operation.state, operation.done) == ("done", 5)
        assert SubTask.objects.filter(status="pending").count() == 5
        subtask = SubTask.objects.filter(status="pending")[0]
        assert entries(subtask) == [(user.username, "Tried again.")]

    def test_tell_what_was_left_out(self, user: Any) -> None:
        task = self.failed(user)
        for subtask in SubTask.objects.filter(status="failed")[:2]:
            Suppression.objects.create(email=subtask.recipient_email, reason="manual")
        operation = self.work(
            self.confirm(user, "retry_failed_subtasks", f"?task__id__exact={task.pk}")
        )
        page = page_of(signed_in(user).get(address("campaigns.operation", "change", operation.pk)))
        assert "3 failed messages will be sent again." in page
        assert "Left out: 2 on the suppression list." in page

    def test_that_fail_after_the_question_are_left_alone(self, user: Any) -> None:
        task = self.failed(user)
        operation = self.confirm(user, "retry_failed_subtasks", f"?task__id__exact={task.pk}")
        later = SubTaskFactory(
            task=task,
            content=task.contents.get(),
            status="failed",
            failure_reason="rejected",
            failed_at=Now() + dt.timedelta(minutes=1),
        )
        self.work(operation)
        assert SubTask.objects.get(status="failed") == later

    def test_of_a_cancelled_campaign_cannot_be_tried_again(self, user: Any) -> None:
        task = self.failed(user)
        Task.objects.filter(pk=task.pk).update(status="cancelled")
        query = f"?task__id__exact={task.pk}"
        page = page_of(run_on_all(user, "retry_failed_subtasks", query))
        assert "None can be sent again: their campaign is cancelled." in page
        assert 'name="confirmed"' not in page

    @pytest.mark.parametrize("query", ["?in_doubt=yes", "?stage=in_doubt"])
    def test_in_doubt_are_decided(self, user: Any, query: str) -> None:
        task_in_doubt(user, 5)
        task_in_doubt(member(MANAGER), 1)
        operation = self.work(self.confirm(user, "was_sent", query))
        assert (operation.title, operation.result) == ("All campaigns", {"changed": 5})
        assert Decision.objects.filter(user=user, choice="was_sent").count() == 5
        assert SubTask.objects.in_doubt().count() == 1

    def test_in_doubt_of_one_service_leave_those_of_others(self, user: Any) -> None:
        task_in_doubt(user, 3)
        task_in_doubt(user, 4)
        service = EmailService.objects.order_by("pk")[0]
        query = f"?in_doubt=yes&service={service.pk}"
        operation = self.work(self.confirm(user, "give_up", query))
        assert (operation.title, operation.result) == (service.name, {"changed": 3})
        assert SubTask.objects.in_doubt().count() == 4

    def test_in_doubt_of_one_campaign_leave_those_of_others(self, user: Any) -> None:
        task, _other = task_in_doubt(user, 3), task_in_doubt(user, 4)
        operation = self.confirm(user, "give_up", f"?task__id__exact={task.pk}")
        assert self.work(operation).result == {"changed": 3}
        assert not SubTask.objects.in_doubt().filter(task=task).exists()

    def test_are_begun_once_by_a_question(self, user: Any) -> None:
        task_in_doubt(user, 3)
        asked = hidden(run_on_all(user, "give_up", IN_DOUBT))
        for _ in range(2):
            run_on_all(user, "give_up", IN_DOUBT, **CONFIRM, at=asked)
        assert Operation.objects.count() == 1

    def test_are_settled_once_by_two_people(self, user: Any) -> None:
        task_in_doubt(user, 5)
        first = self.confirm(user, "give_up", IN_DOUBT)
        second = self.confirm(member(OPERATOR), "was_sent", IN_DOUBT)
        assert self.work(first).result == {"changed": 5}
        assert self.work(second).result == {"changed": 0}
        assert Decision.objects.count() == 5

    def test_go_on_where_killed_work_was(self, user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        task = self.failed(user)
        operation = self.confirm(user, "retry_failed_subtasks", f"?task__id__exact={task.pk}")
        Operation.objects.filter(pk=operation.pk).update(state="running")
        operation.refresh_from_db()
        bulk.step(operation)
        with monkeypatch.context() as killed:
            killed.setattr(
                "campaigns.state.bulk.progress.save", Mock(side_effect=KeyboardInterrupt)
            )
            with pytest.raises(KeyboardInterrupt):
                bulk.step(Operation.objects.get())
        assert SubTask.objects.filter(status="pending").count() == 2
        self.work(operation)
        assert (operation.state, operation.done, operation.result["changed"]) == ("done", 5, 5)

    def test_stop_when_who_asked_may_not_any_more(self, user: Any) -> None:
        task = self.failed(user)
        operation = self.confirm(user, "retry_failed_subtasks", f"?task__id__exact={task.pk}")
        user.groups.clear()
        self.work(operation)
        assert operation.state == "failed"
        assert "may not do this any more" in operation.problem
        assert SubTask.objects.filter(status="failed").count() == 5

    def test_stop_when_the_campaign_is_not_theirs_any_more(self, user: Any) -> None:
        task = self.failed(user)
        operation = self.confirm(user, "retry_failed_subtasks", f"?task__id__exact={task.pk}")
        Operation.objects.filter(pk=operation.pk).update(state="running")
        operation.refresh_from_db()
        bulk.step(operation)
        Task.objects.filter(pk=task.pk).update(owner=member(MANAGER))
        self.work(operation)
        assert SubTask.objects.filter(status="failed").count() == 3
        assert (operation.state, operation.result["changed"]) == ("failed", 2)
        assert "has another owner now" in operation.problem

    def test_in_doubt_of_a_campaign_that_went_to_another_owner_stay_so(self, user: Any) -> None:
        task = task_in_doubt(user, 3)
        operation = self.confirm(user, "give_up", f"?task__id__exact={task.pk}")
        Task.objects.filter(pk=task.pk).update(owner=member(MANAGER))
        self.work(operation)
        assert operation.state == "failed" and "has another owner now" in operation.problem
        assert SubTask.objects.in_doubt().count() == 3

    def test_are_told_in_the_language_of_who_asked(self, user: Any) -> None:
        task_in_doubt(user, 3)
        Profile.objects.update_or_create(user=user, defaults={"language": "zh-hans"})
        operation = self.work(self.confirm(user, "give_up", IN_DOUBT))
        client = signed_in(user)
        page = page_of(client.get(address("campaigns.operation", "change", operation.pk)))
        assert "已处理 3 封邮件：放弃。" in page
        subtask = SubTask.objects.filter(status="failed")[0]
        assert entries(subtask) == [(user.username, "Decided: Give up.")]


@pytest.mark.parametrize("fields", [{}, CONFIRM])
def test_of_everything_there_is_are_refused(user: Any, fields: dict[str, str]) -> None:
    task_in_doubt(user, 2)
    response = run_on_all(user, "give_up", "", **fields)
    assert "Choose a campaign" in texts(response)
    assert SubTask.objects.filter(in_doubt_since__isnull=False).count() == 2


def test_of_others_are_left_alone(user: Any) -> None:
    task_in_doubt(member(MANAGER), 2)
    task_in_doubt(user, 1)
    run_on_all(user, "give_up", IN_DOUBT, **CONFIRM)
    assert SubTask.objects.filter(in_doubt_since__isnull=False).count() == 2
