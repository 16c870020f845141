"""A second person approves exactly what is launched, however late it is changed."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from campaigns.approvals import asking, fingerprint
from campaigns.approvals.asking import NotApproved
from campaigns.launching import frozen_content, launch
from campaigns.models import Approval, Brand, Content, Task, TaskTemplate, Template
from campaigns.state import lifecycle
from tests.factories import ContactFactory, EmailServiceFactory, TaskFactory, UserFactory

LATER = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


def ready() -> Task:
    task: Task = TaskFactory()
    Brand.objects.create(owner=task.owner, needs_approval=True)
    ContactFactory(owner=task.owner, name="Ada")
    EmailServiceFactory()
    return task


def approve(task: Task, by: User | None = None) -> None:
    asking.ask(task, task.owner)
    seen = asking.mark(fingerprint.of(task))
    asking.approve(task, by or UserFactory(), seen)


def status_of(task: Task) -> str:
    task.refresh_from_db()
    return str(task.status)


@pytest.mark.django_db
class TestWithoutOne:
    def test_nothing_is_launched_or_scheduled(self) -> None:
        task = ready()
        for step in (lifecycle.launch, lambda each: lifecycle.schedule(each, LATER)):
            with pytest.raises(lifecycle.NotPossible, match="wants a second person"):
                step(task)
        assert status_of(task) == "draft"

    def test_asking_alone_will_not_do(self) -> None:
        task = ready()
        asking.ask(task, task.owner)
        with pytest.raises(lifecycle.NotPossible, match="waits for the approval"):
            lifecycle.launch(task)

    def test_what_was_sent_back_is_not_launched_and_says_why(self) -> None:
        task = ready()
        asking.ask(task, task.owner)
        asking.send_back(task, UserFactory(username="eve"), "Wrong price")
        with pytest.raises(lifecycle.NotPossible, match="eve sent it back: Wrong price"):
            lifecycle.launch(task)

    def test_an_owner_who_does_not_want_one_launches(self) -> None:
        task = ready()
        Brand.objects.update(needs_approval=False)
        lifecycle.launch(task)
        assert status_of(task) == "queued"


@pytest.mark.django_db
class TestGivingOne:
    def test_an_approved_task_is_launched(self) -> None:
        task = ready()
        approve(task)
        lifecycle.launch(task)
        launch.expand(task.pk)
        assert status_of(task) == "sending"

    def test_who_asks_cannot_approve(self) -> None:
        task = ready()
        with pytest.raises(NotApproved, match="You asked for it yourself"):
            approve(task, by=task.owner)

    def test_the_database_refuses_it_too(self) -> None:
        task = ready()
        asking.ask(task, task.owner)
        with pytest.raises(IntegrityError), transaction.atomic():
            Approval.objects.update(state="approved", decided_by=task.owner, decided_at=LATER)

    def test_what_was_changed_since_it_was_asked_for_is_asked_again(self) -> None:
        task = ready()
        asking.ask(task, task.owner)
        task.templates.update(subject="Other")
        with pytest.raises(NotApproved, match="Changed since it was asked for: the content"):
            asking.approve(task, UserFactory(), asking.mark(fingerprint.of(task)))

    def test_what_was_changed_and_asked_again_since_it_was_seen_is_not_approved(self) -> None:
        task = ready()
        seen = asking.mark(fingerprint.of(task))
        task.templates.update(subject="Other")
        asking.ask(task, task.owner)
        with pytest.raises(NotApproved, match="Look at it again"):
            asking.approve(task, UserFactory(), seen)

    def test_it_waits_for_others_alone(self) -> None:
        task = ready()
        other = UserFactory(is_superuser=True)
        asking.ask(task, task.owner)
        assert [each.task for each in asking.waiting_for(other)] == [task]
        assert not asking.waiting_for(task.owner) and not asking.waiting_for(UserFactory())


@pytest.mark.django_db
class TestAChange:
    def test_voids_it(self) -> None:
        task = ready()
        approve(task)
        task.templates.update(html="<p>Other</p>")
        with pytest.raises(
            lifecycle.NotPossible, match="Changed since it was approved: the content"
        ):
            lifecycle.launch(task)

    def test_that_is_taken_back_leaves_it_valid(self) -> None:
        task = ready()
        before = task.templates.get().html
        approve(task)
        task.templates.update(html="<p>Other</p>")
        task.templates.update(html=before)
        assert asking.problem(task) == ""

    def test_of_a_scheduled_task_makes_it_a_draft_at_its_time(self) -> None:
        task = ready()
        approve(task)
        lifecycle.schedule(task, LATER)
        task.templates.update(html="<p>Other</p>")
        Task.objects.update(scheduled_at="2020-01-01T00:00Z")
        assert lifecycle.launch_due() == 1
        launch.expand(task.pk)
        assert status_of(task) == "draft" and not Content.objects.exists()
        assert "Changed since it was approved: the content" in task.note

    def test_between_the_launch_and_its_worker_is_seen_by_the_worker(self) -> None:
        task = ready()
        approve(task)
        lifecycle.launch(task)
        task.templates.update(html="<p>Other</p>")
        launch.expand(task.pk)
        assert status_of(task) == "draft" and not Content.objects.exists()


def elsewhere(what: str) -> None:
    """Over another connection, committed."""

    def change() -> None:
        try:
            Template.objects.update(html=what)
        finally:
            connection.close()

    thread = threading.Thread(target=change)
    thread.start()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_a_change_while_it_is_compiled_is_not_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    task = ready()
    approve(task)
    lifecycle.launch(task)
    compiles = frozen_content.compile_content

    def compile_slowly(task: Task, choice: TaskTemplate) -> frozen_content.Compiled:
        made = compiles(task, choice)
        elsewhere("<p>Not approved</p>")
        return made

    monkeypatch.setattr(frozen_content, "compile_content", compile_slowly)
    launch.expand(task.pk)
    assert status_of(task) == "sending"
    assert "Not approved" not in Content.objects.get().html
    assert "Hello" in Content.objects.get().html


@pytest.mark.django_db(transaction=True)
def test_a_change_just_before_the_launch_commits_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After everything was looked at, and before the transaction that launches looks again."""
    task = ready()
    approve(task)
    moves = lifecycle._move

    def move(task: Task, step: str, **values: object) -> None:
        moves(task, step, **values)
        elsewhere("<p>Not approved</p>")

    monkeypatch.setattr(lifecycle, "_move", move)
    with pytest.raises(lifecycle.NotPossible, match="Changed since it was approved: the content"):
        lifecycle.launch(task)
    assert status_of(task) == "draft"
