"""What staff do with more messages than a request may change, such as to retry all that failed, in
the cluster.

Kept is what the messages have in common, and when they were chosen: of those that match, what
failed or came into doubt later is left alone. Each piece is a transaction with how far the work is,
so that killed work goes on there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext, gettext_noop

from admin_kit.history import log_each_of
from campaigns.models import (
    Operation,
    OperationKind,
    OperationState,
    SubTask,
    SubTaskStatus,
    Tally,
    Task,
)
from campaigns.models.operation import OPEN_STATES
from campaigns.operations import progress, running
from campaigns.operations.kinds import OperationProblem
from campaigns.state import retries

RETRY = "campaigns.retry_subtask"
MOST_AT_ONCE = 5_000
"""Messages that are changed within a request; more are changed in the cluster."""
PIECE = 1_000
"""Messages that are looked at in one transaction."""
LEFT_OUT = ("suppressed", "hard_bounced", "cancelled")
"""Of a retry, as `retries.RetryPlan` counts them."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Messages that failed or came into doubt until a time: of a campaign, of a service, or of a
    group of doubts, by its key. A retry is of a campaign, of all services."""

    at: dt.datetime
    task_id: int | None = None
    service_id: int | None = None
    group: str = ""

    def stored(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "task": self.task_id,
            "service": self.service_id,
            "group": self.group,
        }

    @classmethod
    def of(cls, params: dict[str, Any]) -> Selection:
        at = dt.datetime.fromisoformat(params["at"])
        return cls(at, params.get("task"), params.get("service"), params.get("group", ""))


class Piece(NamedTuple):
    """The next messages of a selection. `looked_at` counts also those of other groups, `after` is
    the task and the key of the last."""

    ids: Sequence[int]
    looked_at: int
    after: Sequence[int]


class Changed(NamedTuple):
    ids: Sequence[int]
    left_out: dict[str, int]


@dataclass(frozen=True, slots=True)
class Deed:
    """`entry` is for the history of each message, `until` says which it changes at most: those that
    were so at a time."""

    kind: OperationKind
    permission: str
    entry: str
    until: Callable[[dt.datetime], Q]
    total: Callable[[User, Selection], int]
    next: Callable[[User, Selection, Sequence[int]], Piece | None]
    do: Callable[[Sequence[int], User], Changed]


def begin(user: User, name: str, chosen: Selection, title: str) -> Operation:
    """Have the cluster do a deed, by its name. What the same question has begun already is
    returned, unless it failed or was cancelled."""
    deed, params = DEEDS[name], {"deed": name, **chosen.stored()}
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        same = Operation.objects.filter(requested_by=user, kind=deed.kind, params=params)
        found: Operation | None = same.filter(state__in=[*OPEN_STATES, OperationState.DONE]).first()
        if found:
            return found
        operation: Operation = Operation.objects.create(
            owner=user,
            requested_by=user,
            kind=deed.kind,
            title=title[:300],
            params=params,
            total=deed.total(user, chosen),
            result={"changed": 0},
        )
        running.start(operation)
    return operation


@transaction.atomic
def step(operation: Operation) -> bool:
    """Look at the next PIECE, in the order of tasks and messages, and change those chosen. Raises
    OperationProblem."""
    deed = DEEDS[operation.params["deed"]]
    user = _asker(operation, deed)
    chosen = Selection.of(operation.params)
    piece = deed.next(user, chosen, operation.position.get("after", (0, 0)))
    if piece is None:
        _check_campaign(user, chosen)
        return False
    changed = deed.do(piece.ids, user)
    rows = SubTask.objects.filter(pk__in=changed.ids).only("recipient_email")
    log_each_of(user.pk, rows, deed.entry)
    operation.position = {"after": list(piece.after)}
    operation.done += piece.looked_at
    operation.result = _added(operation.result, {"changed": len(changed.ids), **changed.left_out})
    progress.save(operation)
    return True


def _added(before: dict[str, int], more: dict[str, int]) -> dict[str, int]:
    return {**before, **{name: before.get(name, 0) + number for name, number in more.items()}}


def _asker(operation: Operation, deed: Deed) -> User:
    """Who has asked for it, if that user still may."""
    user: User | None = User.objects.filter(pk=operation.requested_by_id or 0).first()
    if user is None or not user.is_active or not user.has_perm(deed.permission):
        raise OperationProblem(
            gettext(
                "Who has asked for it may not do this any more. The rest is as it was: a user who "
                "may has to ask for it again."
            )
        )
    return user


def _check_campaign(user: User, chosen: Selection) -> None:
    """Else work on one that was given to another owner would end as if nothing had been left."""
    if chosen.task_id is not None and not _task_of(user, chosen):
        raise OperationProblem(
            gettext(
                "Who has asked for it does not see the campaign any more: it has another owner "
                "now, or was deleted. The rest is as it was: its owner has to ask for it again."
            )
        )


def failed_until(at: dt.datetime) -> Q:
    return Q(status=SubTaskStatus.FAILED) & (Q(failed_at__lte=at) | Q(failed_at=None))


def _task_of(user: User, chosen: Selection) -> list[int]:
    """The key of the campaign, if the user sees it."""
    seen = Task.objects.visible_to(user).filter(pk=chosen.task_id)
    return list(seen.values_list("pk", flat=True))


def _failed_in_all(user: User, chosen: Selection) -> int:
    """As counted by the database's trigger, with those that failed since: there may be millions."""
    return sum(
        counts[SubTaskStatus.FAILED]
        for counts in Tally.objects.counts_of(_task_of(user, chosen)).values()
    )


def _next_failed(user: User, chosen: Selection, after: Sequence[int]) -> Piece | None:
    """By index subtask_failed."""
    rows = SubTask.objects.filter(
        failed_until(chosen.at), task__in=_task_of(user, chosen), pk__gt=after[1]
    )
    ids = list(rows.order_by("task", "id").values_list("pk", flat=True)[:PIECE])
    return Piece(ids, len(ids), (chosen.task_id or 0, ids[-1])) if ids else None


def _retry(ids: Sequence[int], user: User) -> Changed:
    done = retries.retry_failed(SubTask.objects.filter(pk__in=ids))
    return Changed(done.ids, {name: getattr(done, name) for name in LEFT_OUT})


RETRY_FAILED = "retry"
DEEDS: dict[str, Deed] = {
    RETRY_FAILED: Deed(
        OperationKind.RETRY_FAILED,
        RETRY,
        gettext_noop("Tried again."),
        failed_until,
        _failed_in_all,
        _next_failed,
        _retry,
    ),
}
"""By their names. Dependent apps (dispatch) add theirs."""
