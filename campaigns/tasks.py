"""Entry points for background work of campaigns."""

from __future__ import annotations

from campaigns import background

LAUNCH = "launch"


def expand_later(task_id: int) -> None:
    """Have a worker create a launched task's SubTasks. Safe to repeat."""
    background.ask(
        LAUNCH, task_id, "campaigns.launching.launch.expand", name=f"launch task {task_id}"
    )
