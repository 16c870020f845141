"""Tasks in every state, for the tests of their life."""

from __future__ import annotations

import datetime as dt
from typing import Any

from campaigns.models import Task
from tests.factories import (
    ContactFactory,
    ContentFactory,
    EmailServiceFactory,
    SubTaskFactory,
    TaskFactory,
)

LATER = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


def ready(status: str = "draft", **kwargs: Any) -> Task:
    """A task with which nothing is wrong."""
    task = TaskFactory(status=status, **{"scheduled_at": LATER, **kwargs})
    ContactFactory(owner=task.owner)
    EmailServiceFactory()
    return task


def with_subtasks(task_status: str, count: int = 2, **kwargs: Any) -> Task:
    task = ready(task_status)
    SubTaskFactory.create_batch(count, task=task, content=ContentFactory(task=task), **kwargs)
    return task


def status(task: Task) -> str:
    return Task.objects.get(pk=task.pk).status
