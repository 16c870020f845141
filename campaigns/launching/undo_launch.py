"""Undo a launch that failed too often: remove its SubTasks and make the task a draft again."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import background, tasks
from campaigns.models import BackgroundJob, Content, Launch, Task, TaskStatus
from campaigns.state import lifecycle

CHUNK = 20_000

SUBTASKS_SQL = """
DELETE FROM campaigns_subtask WHERE id IN (
    SELECT id FROM campaigns_subtask WHERE task_id = %s ORDER BY recipient_email LIMIT %s)
"""
LEFT_OUT_SQL = """
DELETE FROM campaigns_leftout WHERE id IN (
    SELECT id FROM campaigns_leftout WHERE task_id = %s ORDER BY contact_id LIMIT %s)
"""

DIFFERENCES_SQL = """
DELETE FROM campaigns_difference WHERE id IN (
    SELECT id FROM campaigns_difference WHERE task_id = %s ORDER BY contact_id LIMIT %s)
"""

GIVEN_UP = _(
    "It could not be launched, after %(times)s attempts. The last one: %(reason)s Nothing was "
    "sent, and what had been made is removed. Launch it again; if that fails, too, ask an operator "
    "to look into the cluster's log."
)


@background.when_given_up(tasks.LAUNCH)
def undo(job: BackgroundJob) -> bool:
    """Remove what a launch has made, a chunk a call; at last the task is a draft that says why.
    False while rows are left. Nothing is done to a task that is not being launched any more.

    Locks the Task row, as what freezes the content does. A worker that still hangs in the launch
    finds no Launch row when it goes on, and stops.
    """
    with transaction.atomic():
        task = Task.objects.select_for_update(no_key=True).filter(pk=job.about).first()
        if task is None or task.status != TaskStatus.QUEUED:
            return True
        Launch.objects.filter(task=task).delete()
        if any(_remove(each, task.pk) for each in (SUBTASKS_SQL, LEFT_OUT_SQL, DIFFERENCES_SQL)):
            return False
        Content.objects.filter(task=task).delete()
        lifecycle.back_to_draft(
            task, GIVEN_UP % {"times": job.attempts, "reason": gettext(job.reason)}
        )
    return True


def _remove(sql: str, task_id: int) -> int:
    """Delete a chunk of what a launch has made. Returns how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [task_id, CHUNK])
        removed: int = cursor.rowcount
    return removed
