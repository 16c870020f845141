"""Entry points for background work of campaigns."""

from __future__ import annotations

from campaigns import background

LAUNCH = "launch"


def expand_later(task_id: int) -> None:
    """Have a launched task's SubTasks made by a worker. Harmless when asked for again."""
    background.ask(
        LAUNCH, task_id, "campaigns.launching.launch.expand", name=f"launch task {task_id}"
    )
