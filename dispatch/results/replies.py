"""What providers said of messages, for exports."""

from __future__ import annotations

from collections.abc import Sequence

from campaigns.exports.tables import Cell
from dispatch.models import Attempt


def last_of(subtask_ids: Sequence[int]) -> dict[int, Cell]:
    """The reply to the last hand-over of each SubTask, with its code."""
    attempts = Attempt.objects.filter(subtask__in=subtask_ids).order_by("pk")
    found = attempts.values_list("subtask", "code", "reply")
    return {subtask: f"{code or ''} {reply}".strip() for subtask, code, reply in found}
