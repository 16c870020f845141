from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaigns.launching import launch
from campaigns.models import SubTask, Suppression, Task, TaskStatus, TaskTemplate
from campaigns.rendering import content
from campaigns.state import lifecycle
from campaigns.state.lifecycle import NotPossible
from tests.campaigns.rendering.living import LATER, ready, status, with_subtasks
from tests.concurrency import (
    running,
    second_connection,
    wait_until_somebody_waits_for_a_lock,
)
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    TagFactory,
    TaskFactory,
    TemplateFactory,
    UserFactory,
    in_doubt,
)

pytestmark = pytest.mark.django_db

EVERY_STATUS = TaskStatus.values
# From where each verb may start, and where it ends.
VERBS = {
    "launch": ({"draft", "scheduled"}, "queued"),
    "schedule": ({"draft", "scheduled"}, "scheduled"),
    "unschedule": ({"scheduled"}, "draft"),
    "pause": ({"sending"}, "paused"),
    "resume": ({"paused"}, "sending"),
    "cancel": ({"scheduled", "queued", "sending", "paused"}, "cancelled"),
}


def call(verb: str, task: Task) -> None:
    arguments = [LATER] if verb == "schedule" else []
    getattr(lifecycle, verb)(task, *arguments)


class TestVerbs:
    @pytest.mark.parametrize(
        ("verb", "before"), [(verb, b) for verb, (allowed, _) in VERBS.items() for b in allowed]
    )
    def test_a_verb_moves_a_task_from_where_it_may_start(self, verb: str, before: str) -> None:
        task = ready(before)
        call(verb, task)
        assert task.status == status(task) == VERBS[verb][1]

    @pytest.mark.parametrize(
        ("verb", "before"),
        [(v, b) for v, (allowed, _) in VERBS.items() for b in EVERY_STATUS if b not in allowed],
    )
    def test_a_verb_leaves_a_task_alone_anywhere_else_and_says_so(
        self, verb: str, before: str
    ) -> None:
        task = ready(before)
        name = "a draft" if before == "draft" else TaskStatus(before).label.lower()
        with pytest.raises(NotPossible, match=f"“{task}” is {name} and cannot be "):
            call(verb, task)
        assert status(task) == before

    def test_a_stale_task_is_judged_by_what_the_database_says(self) -> None:
        task = ready("sending")
        Task.objects.update(status="cancelled")
        with pytest.raises(NotPossible, match="is cancelled and cannot be paused"):
            lifecycle.pause(task)

    def test_launching_has_the_subtasks_made_in_the_background(
        self, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        task = ready()
        with django_capture_on_commit_callbacks(execute=True):
            lifecycle.launch(task)
        assert OrmQ.objects.get().name() == f"launch task {task.pk}"
        assert task.launched_at is not None

    def test_a_launch_that_is_rolled_back_makes_nothing(
        self, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        with django_capture_on_commit_callbacks() as callbacks, pytest.raises(NotPossible):
            lifecycle.launch(ready("paused"))
        assert callbacks == []

    def test_pausing_notes_the_reason_and_the_time(self) -> None:
        task = ready("sending")
        lifecycle.pause(task, "Typing error in the subject")
        assert task.note == "Typing error in the subject"
        assert task.paused_at is not None

    def test_resuming_forgets_the_pause(self) -> None:
        task = ready("sending")
        lifecycle.pause(task, "why")
        lifecycle.resume(task)
        assert (task.note, task.paused_at) == ("", None)
        assert task.resumed_at is not None

    def test_a_paused_task_keeps_its_subtasks_as_they_are(self) -> None:
        lifecycle.pause(with_subtasks("sending"))
        assert set(SubTask.objects.values_list("status", flat=True)) == {"pending"}


class TestProblems:
    def test_a_task_that_is_ready_has_none(self) -> None:
        assert lifecycle.problems(ready()) == []

    def test_a_missing_sender_is_named(self) -> None:
        assert lifecycle.problems(ready(sender=None)) == ["It has no sender."]

    def test_a_missing_template_is_named(self) -> None:
        task = ready()
        TaskTemplate.objects.all().delete()
        assert lifecycle.problems(task) == ["It has no template."]

    @pytest.mark.parametrize(
        "broken", [{"subject": "{{ name"}, {"html": "{% if %}"}, {"text": "{% for x in %}"}]
    )
    def test_a_template_that_does_not_compile_is_named(self, broken: dict[str, str]) -> None:
        task = ready(template=TemplateFactory(name="Spring", **broken))
        (problem,) = lifecycle.problems(task)
        assert problem.startswith("The template “Spring” cannot be used: ")

    def test_an_owner_without_contacts_has_an_empty_audience(self) -> None:
        EmailServiceFactory()
        assert lifecycle.problems(TaskFactory()) == [
            "Its audience is empty: no contact matches that may be mailed."
        ]

    def test_a_tag_that_nobody_has_makes_an_empty_audience(self) -> None:
        task = ready(audience="tags")
        task.include_tags.add(TagFactory(owner=task.owner))
        assert "audience is empty" in lifecycle.problems(task)[0]

    @pytest.mark.parametrize("listed", ["ada@example.com", "@example.com"])
    def test_an_audience_that_is_suppressed_is_empty(self, listed: str) -> None:
        task = TaskFactory()
        EmailServiceFactory()
        ContactFactory(owner=task.owner, email="ada@example.com")
        Suppression.objects.create(email=listed)
        assert "audience is empty" in lifecycle.problems(task)[0]

    def test_everything_that_is_wrong_is_named_at_once(self) -> None:
        task = TaskFactory(sender=None)
        TaskTemplate.objects.all().delete()
        assert len(lifecycle.problems(task)) == 4

    @pytest.mark.parametrize("verb", ["launch", "schedule"])
    def test_a_task_with_problems_stays_a_draft_and_says_which(self, verb: str) -> None:
        task = ready(sender=None)
        with pytest.raises(NotPossible, match="It has no sender"):
            call(verb, task)
        assert status(task) == TaskStatus.DRAFT

    def test_the_expected_recipients_are_those_who_may_be_mailed(self) -> None:
        task = ready()
        ContactFactory(owner=task.owner, email="ada@example.org")
        Suppression.objects.create(email="@example.org")
        assert lifecycle.expected_recipients(task) == 1


class TestServices:
    PROBLEM = "None of its email services is open to its owner."

    @pytest.fixture
    def task(self) -> Task:
        task = TaskFactory()
        ContactFactory(owner=task.owner)
        return task

    def test_no_service_at_all_is_a_problem(self, task: Task) -> None:
        assert lifecycle.problems(task) == [self.PROBLEM]

    def test_a_disabled_service_will_do_as_messages_wait_for_it(self, task: Task) -> None:
        EmailServiceFactory(enabled=False)
        assert lifecycle.problems(task) == []

    def test_a_service_reserved_for_others_is_no_service(self, task: Task) -> None:
        EmailServiceFactory().users.add(UserFactory())
        assert lifecycle.problems(task) == [self.PROBLEM]

    def test_a_service_reserved_for_the_owner_will_do(self, task: Task) -> None:
        EmailServiceFactory().users.add(task.owner, UserFactory())
        assert lifecycle.problems(task) == []

    def test_a_chosen_service_that_is_reserved_is_not_replaced_by_another(self, task: Task) -> None:
        EmailServiceFactory()
        reserved = EmailServiceFactory()
        reserved.users.add(UserFactory())
        task.services.add(reserved)
        assert lifecycle.problems(task) == [self.PROBLEM]

    def test_a_chosen_service_that_is_reserved_for_others_is_no_service(self, task: Task) -> None:
        chosen = EmailServiceFactory()
        chosen.users.add(UserFactory())
        task.services.add(chosen)
        assert lifecycle.problems(task) == [self.PROBLEM]

    def test_one_good_service_among_the_chosen_will_do(self, task: Task) -> None:
        task.services.add(EmailServiceFactory(enabled=False), EmailServiceFactory())
        assert lifecycle.problems(task) == []


class TestSchedule:
    def due(self, minutes: float = 0, **kwargs: Any) -> Task:
        task = ready("scheduled", **kwargs)
        Task.objects.filter(pk=task.pk).update(
            scheduled_at=Now() - dt.timedelta(minutes=minutes, seconds=1)
        )
        return task

    def test_a_task_whose_time_has_come_is_launched(self) -> None:
        task = self.due()
        assert lifecycle.launch_due() == 1
        assert status(task) == TaskStatus.QUEUED

    def test_a_task_whose_time_has_not_come_waits(self) -> None:
        task = ready("scheduled")
        assert lifecycle.launch_due() == 0
        assert status(task) == TaskStatus.SCHEDULED

    def test_the_database_clock_decides_and_not_the_hosts(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        past = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
        monkeypatch.setattr(timezone, "now", lambda: past)
        self.due()
        assert lifecycle.launch_due() == 1

    def test_one_that_starts_on_time_says_nothing(self) -> None:
        task = self.due()
        lifecycle.launch_due()
        assert Task.objects.get(pk=task.pk).note == ""

    def test_one_that_starts_late_says_so(self) -> None:
        task = self.due(minutes=10)
        lifecycle.launch_due()
        assert Task.objects.get(pk=task.pk).note.startswith("Started 10 minutes late")

    def test_one_that_cannot_be_launched_any_more_is_a_draft_that_says_why(self) -> None:
        task = self.due(sender=None)
        lifecycle.launch_due()
        launch.expand(task.pk)
        task.refresh_from_db()
        assert task.status == TaskStatus.DRAFT
        assert "It has no sender." in task.note

    def test_no_template_is_read_while_what_is_due_is_launched(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def read(*args: object) -> None:
            raise AssertionError("maintenance waits for a template")

        monkeypatch.setattr(content, "check", read)
        self.due()
        assert lifecycle.launch_due() == 1

    def test_a_task_is_launched_once(self) -> None:
        self.due()
        assert (lifecycle.launch_due(), lifecycle.launch_due()) == (1, 0)

    def test_scheduling_again_moves_the_time(self) -> None:
        task = ready("scheduled")
        lifecycle.schedule(task, LATER + dt.timedelta(days=1))
        assert task.scheduled_at == LATER + dt.timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_a_task_that_staff_launch_at_the_very_moment_it_is_due_stays_launched() -> None:
    task = ready("scheduled")
    Task.objects.update(scheduled_at=Now() - dt.timedelta(seconds=1))
    with second_connection() as staff, staff.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("UPDATE campaigns_task SET status = 'queued', launched_at = now()")
        with running(lifecycle.launch_due) as maintenance:
            wait_until_somebody_waits_for_a_lock()
            cursor.execute("COMMIT")
            assert maintenance.result() == 0
    assert status(task) == TaskStatus.QUEUED


class TestCancelling:
    def test_everything_not_handed_over_fails_as_cancelled(self) -> None:
        lifecycle.cancel(with_subtasks("sending", 3))
        assert SubTask.objects.filter(status="failed", failure_reason="cancelled").count() == 3

    def test_a_large_task_is_cancelled_in_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lifecycle, "CANCEL_CHUNK", 2)
        lifecycle.cancel(with_subtasks("sending", 5))
        left = [SubTask.objects.filter(status="pending").count()]
        for _ in range(3):
            lifecycle.sweep_cancelled()
            left.append(SubTask.objects.filter(status="pending").count())
        assert left == [3, 1, 0, 0]

    def test_sweeping_leaves_other_tasks_alone(self) -> None:
        with_subtasks("paused", 2)
        assert lifecycle.sweep_cancelled() == 0
        assert SubTask.objects.filter(status="pending").count() == 2

    def test_one_in_doubt_stays_in_doubt(self) -> None:
        task = ready("sending")
        subtask = in_doubt(EmailServiceFactory(), task=task)
        lifecycle.cancel(task)
        assert SubTask.objects.get(pk=subtask.pk).in_doubt_since is not None

    def test_what_is_sent_stays_sent(self) -> None:
        task = with_subtasks("sending", 1, status="sent", service=EmailServiceFactory())
        lifecycle.cancel(task)
        assert SubTask.objects.get().status == "sent"


class TestCloning:
    def test_a_clone_is_a_draft_that_says_the_same_to_the_same_people(self) -> None:
        task = ready("completed", audience="tags", priority=5)
        tag, excluded = TagFactory(owner=task.owner), TagFactory(owner=task.owner)
        task.include_tags.add(tag)
        task.exclude_tags.add(excluded)
        task.services.add(EmailServiceFactory())
        TaskTemplate.objects.update(weight=7)
        copy = lifecycle.clone(task)
        assert (copy.status, copy.priority, copy.audience) == ("draft", 5, "tags")
        assert list(copy.include_tags.all()) == [tag]
        assert list(copy.exclude_tags.all()) == [excluded]
        assert list(copy.services.all()) == list(task.services.all())
        assert TaskTemplate.objects.get(task=copy).weight == 7

    def test_a_clone_has_none_of_the_history(self) -> None:
        copy = lifecycle.clone(with_subtasks("completed"))
        assert not copy.subtasks.exists()
        assert (copy.launched_at, copy.scheduled_at, copy.note) == (None, None, "")

    def test_the_name_of_a_clone_fits_its_column(self) -> None:
        assert len(lifecycle.clone(ready(name="x" * 200)).name) == 200
        assert connection.needs_rollback is False
