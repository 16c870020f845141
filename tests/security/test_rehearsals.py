"""A template is tried at its launch: what is too slow for the real contacts is refused, and says why."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaigns.launching import launch, rehearsal
from campaigns.models import SubTask, Task, TaskStatus
from campaigns.rendering import template_work
from sandbox import Failed
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    TaskFactory,
)
from tests.security.costly import UNIQUE, WORDS


@pytest.mark.django_db
class TestAtTheLaunch:
    def task(self, html: str, *contacts: dict[str, Any]) -> Task:
        task: Task = TaskFactory(status=TaskStatus.QUEUED, template__html=html)
        EmailServiceFactory()
        for attributes in contacts:
            ContactFactory(owner=task.owner, attributes=attributes)
        return task

    def test_a_template_that_is_slow_for_a_real_contact_is_refused(self) -> None:
        task = self.task(UNIQUE, *[{}] * 30, {"words": WORDS}, *[{}] * 30)

        launch.expand(task.pk)

        task.refresh_from_db()
        assert task.status == TaskStatus.DRAFT
        assert "HTML: takes 0.25 s of processor time for " in task.note
        assert not SubTask.objects.exists()

    def test_a_template_that_is_slow_on_average_is_refused(self) -> None:
        slow = "{% for i in (1..2000) %}{{ i | append: 'x' | upcase | split: 'X' }}{% endfor %}"
        task = self.task(slow, {}, {})

        launch.expand(task.pk)

        task.refresh_from_db()
        assert task.status == TaskStatus.DRAFT
        assert "s of processor time" in task.note

    @pytest.mark.parametrize(
        "html", ["{{ name | replace }}", "{{ 7 | divided_by: 0 }}", "{{ name | upcase: 1 }}"]
    )
    def test_a_template_that_fails_for_everybody_is_refused(self, html: str) -> None:
        task = self.task(html, *[{}] * 5)

        launch.expand(task.pk)

        task.refresh_from_db()
        assert task.status == TaskStatus.DRAFT
        assert task.note.startswith("HTML, line 1: ")
        assert "for every recipient that was tried" in task.note

    def test_a_template_that_fails_for_some_is_launched(self) -> None:
        task = self.task("{{ 7 | divided_by: parts }}", {"parts": 0}, {"parts": 2}, {"parts": 0})

        launch.expand(task.pk)

        task.refresh_from_db()
        assert task.status == TaskStatus.SENDING

    @pytest.mark.parametrize("contacts", [1, 2, 3, 4, 5, 6, 7])
    def test_a_rich_template_that_is_quick_is_launched(self, contacts: int) -> None:
        html = "{% for i in (1..10) %}{{ name | upcase }}{% endfor %}"
        task = self.task(html, *[{}] * contacts)

        launch.expand(task.pk)

        task.refresh_from_db()
        assert task.status == TaskStatus.SENDING

    def test_nothing_is_measured_for_a_plain_template(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*args: object) -> None:
            raise AssertionError("measured")

        monkeypatch.setattr(rehearsal, "_sample", fail)
        task = self.task("Hi {{ name }}", {})

        launch.expand(task.pk)

        task.refresh_from_db()
        assert task.status == TaskStatus.SENDING

    def test_a_machine_that_fails_leaves_the_launch_to_be_tried_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*args: object, **kwargs: object) -> None:
            raise Failed("all workers are busy")

        task = self.task("Hi", {})
        with monkeypatch.context() as broken, pytest.raises(Failed):
            broken.setattr(template_work, "check_part", fail)
            launch.expand(task.pk)
        task.refresh_from_db()
        assert task.status == TaskStatus.QUEUED

        launch.expand(task.pk)

        task.refresh_from_db()
        assert task.status == TaskStatus.SENDING

    def test_no_transaction_is_open_while_a_template_is_compiled(
        self,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        depths = []
        compile_html = template_work.compile_html

        def watched(html: str) -> str:
            depths.append(len(connection.savepoint_ids))
            return compile_html(html)

        monkeypatch.setattr(template_work, "compile_html", watched)
        task = self.task("Hi", {})
        launch.prepare(task)
        assert depths == [0]
