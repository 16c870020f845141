"""What a person decides about SubTasks in doubt: each choice is recorded with who and when."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from campaigns.models import SubTask, SubTaskStatus
from campaigns.state import lifecycle, states
from dispatch.models import Decision, DecisionChoice

BECOMES = {
    DecisionChoice.WAS_SENT: SubTaskStatus.SENT,
    DecisionChoice.SEND_AGAIN: SubTaskStatus.PENDING,
    DecisionChoice.GIVE_UP: SubTaskStatus.FAILED,
}


def decide(
    subtask_ids: Collection[int], choice: DecisionChoice, user: AbstractBaseUser
) -> list[int]:
    """Settle those of these SubTasks that are in doubt. Returns their ids; locks them while it
    does.
    """
    with transaction.atomic():
        if choice == DecisionChoice.SEND_AGAIN:
            subtasks = SubTask.objects.in_doubt().filter(pk__in=subtask_ids)
            lifecycle.reopen(set(subtasks.values_list("task_id", flat=True)))
        settled = states.resolve_doubt(subtask_ids, BECOMES[choice])
        Decision.objects.bulk_create(
            Decision(subtask_id=pk, user_id=user.pk, choice=choice) for pk in settled
        )
    return settled
