"""Campaigns in several languages."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Now

from campaigns.launching import launch
from campaigns.models import Contact, SubTask, Task, TaskTemplate
from tests.factories import TaskFactory


def in_languages(*languages: str, status: str = "queued", **values: Any) -> Task:
    """With a row of templates for each; the subject of a row says its language."""
    launched_at = Now() if status == "queued" else None
    task = TaskFactory(status=status, launched_at=launched_at, **values)
    choice = TaskTemplate.objects.get(task=task)
    choice.delete()
    for language in languages:
        TaskTemplate.objects.create(
            task=task, template=choice.template, language=language, subject=f"In {language or '*'}"
        )
    return task


def add_contacts(task: Task, *languages: str | None) -> None:
    """One for each language, which is in its attributes."""
    Contact.objects.bulk_create(
        Contact(
            owner=task.owner,
            email=f"r{n:03}@example.com",
            attributes={} if language is None else {"language": language},
        )
        for n, language in enumerate(languages)
    )


def got(task: Task) -> list[str]:
    """Launched: the language of each recipient's content, in the order of the contacts."""
    launch.expand(task.pk)
    subtasks = SubTask.objects.filter(task=task).order_by("recipient_email")
    return list(subtasks.values_list("content__language", flat=True))
