from __future__ import annotations

from campaigns.models import TaskStatus
from campaigns.transitions import TRANSITIONS


def test_every_status_is_the_first_one_or_the_end_of_a_step() -> None:
    reached = {step.end for step in TRANSITIONS.values() if step.end is not None}
    assert reached | {TaskStatus.DRAFT} == set(TaskStatus)


def test_what_is_over_is_left_by_reopening_alone() -> None:
    over = {TaskStatus.COMPLETED, TaskStatus.CANCELLED}
    leaving = {
        name for name, step in TRANSITIONS.items() if step.end is not None and over & {*step.start}
    }
    assert leaving == {"reopen"}
