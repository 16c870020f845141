"""Tasks in every state, for the tests of their life."""

import datetime as dt

from campaigns.models import Task
from tests.factories import (
    ContactFactory,
    ContentFactory,
    EmailServiceFactory,
    SubTaskFactory,
    TaskFactory,
)

LATER = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


def ready(status="draft", **kwargs):
    """A task with which nothing is wrong."""
    task = TaskFactory(status=status, **{"scheduled_at": LATER, **kwargs})
    ContactFactory(owner=task.owner)
    EmailServiceFactory()
    return task


def with_subtasks(task_status, count=2, **kwargs):
    task = ready(task_status)
    SubTaskFactory.create_batch(count, task=task, content=ContentFactory(task=task), **kwargs)
    return task


def status(task):
    return Task.objects.get(pk=task.pk).status
