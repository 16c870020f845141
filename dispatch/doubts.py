"""What is in doubt over all campaigns, and the decision about more of it than a request may settle,
which runs in the cluster.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from access.ownership import SEE_EVERYTHING
from admin_kit.history import log_each_of
from campaigns.models import Operation, OperationKind, SubTask, Task
from campaigns.models.operation import OPEN_STATES
from campaigns.operations import progress, running
from campaigns.operations.kinds import OperationProblem
from dispatch.decisions import decide
from dispatch.models import DecisionChoice

DECIDE = "campaigns.decide_subtask"
PIECE = 1_000
"""Messages that are looked at in one transaction."""

# The first of index subtask_in_doubt after one; of each its last attempt, by
# attempt_once_per_claim, and its events, by event_subtask.
DOUBTS = """
SELECT s.id, s.task_id, s.service_id, s.in_doubt_since, coalesce(a.reply, ''), events.kinds
FROM (
    SELECT id, task_id, service_id, in_doubt_since FROM campaigns_subtask
    WHERE in_doubt_since IS NOT NULL AND in_doubt_since <= %(at)s
      AND (task_id, id) > (%(after_task)s, %(after)s)
      AND (%(tasks)s::bigint[] IS NULL OR task_id = ANY (%(tasks)s))
    ORDER BY task_id, id LIMIT %(most)s
) AS s
LEFT JOIN LATERAL (
    SELECT reply FROM dispatch_attempt WHERE subtask_id = s.id ORDER BY id DESC LIMIT 1
) AS a ON true
CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT kind) AS kinds FROM tracking_event WHERE subtask_id = s.id
) AS events
"""


class Doubt(NamedTuple):
    """A message in doubt. `cause` is what the log of the connection says, "" when it says nothing;
    `kinds` are those of the provider's events since."""

    id: int
    task_id: int
    service_id: int
    since: dt.datetime
    cause: str
    kinds: Sequence[str] | None

    @property
    def key(self) -> str:
        """That of its group: the same service, and the same end of the connection."""
        return key_of(self.service_id, self.cause)


def key_of(service_id: int, cause: str) -> str:
    return hashlib.sha256(f"{service_id} {cause}".encode()).hexdigest()[:16]


def doubts(
    user: User | AbstractBaseUser | AnonymousUser,
    at: dt.datetime,
    most: int,
    after: Sequence[int] = (0, 0),
) -> list[Doubt]:
    """The first of what was in doubt at a time, in campaigns that this user sees, after a task and
    a message of it."""
    asked: dict[str, Any] = {"at": at, "most": most, "after_task": after[0], "after": after[1]}
    with connection.cursor() as cursor:
        cursor.execute(DOUBTS, {**asked, "tasks": _tasks(user)})
        return [Doubt(*row) for row in cursor.fetchall()]


def _tasks(user: User | AbstractBaseUser | AnonymousUser) -> list[int] | None:
    """Users who may not see everything have the tasks named of which anything is in doubt."""
    if user.has_perm(SEE_EVERYTHING):  # type: ignore[union-attr]  # of all users of ours
        return None
    own = Task.objects.visible_to(user).order_by().values("pk")
    in_doubt = SubTask.objects.in_doubt().filter(task__in=own).order_by()
    return list(in_doubt.values_list("task_id", flat=True).distinct())


def decide_later(
    user: User, key: str, at: dt.datetime, choice: DecisionChoice, title: str
) -> Operation:
    """Settle all of a group that was in doubt at a time, in the cluster. The same that is under way
    already is returned."""
    params = {"group": key, "at": at.isoformat(), "choice": choice.value}
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        same = Operation.objects.filter(requested_by=user, kind=OperationKind.DECIDE_DOUBTS)
        found: Operation | None = same.filter(params=params, state__in=OPEN_STATES).first()
        if found:
            return found
        operation: Operation = Operation.objects.create(
            owner=user,
            requested_by=user,
            kind=OperationKind.DECIDE_DOUBTS,
            title=title,
            params=params,
            total=_all(user, at).count(),
            result={"decided": 0},
        )
        running.start(operation)
    return operation


def _all(user: User, at: dt.datetime) -> QuerySet[SubTask]:
    found: QuerySet[SubTask] = SubTask.objects.in_doubt().filter(in_doubt_since__lte=at)
    tasks = _tasks(user)
    return found if tasks is None else found.filter(task__in=tasks)


@transaction.atomic
def step(operation: Operation) -> bool:
    """Look at the next PIECE, in the order of tasks and messages, and settle those of the group.
    Raises OperationProblem."""
    user, params = _who_decides(operation), operation.params
    at, choice = dt.datetime.fromisoformat(params["at"]), DecisionChoice(params["choice"])
    found = doubts(user, at, PIECE, operation.position.get("after", (0, 0)))
    if not found:
        return False
    settled = decide([each.id for each in found if each.key == params["group"]], choice, user)
    rows = SubTask.objects.filter(pk__in=settled).only("recipient_email")
    log_each_of(user.pk, rows, gettext("Decided: %(choice)s.") % {"choice": choice.label})
    operation.position = {"after": [found[-1].task_id, found[-1].id]}
    operation.done += len(found)
    operation.result = {"decided": operation.result["decided"] + len(settled)}
    progress.save(operation)
    return True


def _who_decides(operation: Operation) -> User:
    """Who has asked for it, if that user still may."""
    user: User | None = User.objects.filter(pk=operation.requested_by_id or 0).first()
    if user is None or not user.is_active or not user.has_perm(DECIDE):
        raise OperationProblem(
            gettext(
                "Who has asked for it may not decide any more. The rest is still in doubt: a user "
                "who may has to decide."
            )
        )
    return user
