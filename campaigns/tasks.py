"""What campaigns has done in the background. With `dispatch.tasks`, the only place where django-q2
is named.
"""

from __future__ import annotations

from django_q.tasks import async_task


def expand_later(task_id: int) -> None:
    """Have a launched task's SubTasks made by a worker. Harmless when asked for again."""
    async_task("campaigns.launch.expand", task_id, task_name=f"launch task {task_id}", save=False)
