"""What is in doubt over all campaigns."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import connection

from access.ownership import SEE_EVERYTHING
from campaigns.models import SubTask, Task

Anyone = User | AbstractBaseUser | AnonymousUser

# The first of index subtask_in_doubt after one; of each its last attempt, by
# attempt_once_per_claim, and its events, by event_subtask.
DOUBTS = """
SELECT s.id, s.task_id, s.service_id, s.in_doubt_since, coalesce(a.reply, ''), events.kinds
FROM (
    SELECT id, task_id, service_id, in_doubt_since FROM campaigns_subtask
    WHERE in_doubt_since IS NOT NULL AND in_doubt_since <= %(at)s
      AND (task_id, id) > (%(after_task)s, %(after)s)
      AND (%(tasks)s::bigint[] IS NULL OR task_id = ANY (%(tasks)s))
      AND (%(service)s::bigint IS NULL OR service_id = %(service)s)
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
    user: Anyone, at: dt.datetime, most: int, after: Sequence[int] = (0, 0), **chosen: int | None
) -> list[Doubt]:
    """The first of what was in doubt at a time, in campaigns that this user sees, after a task and
    a message of it. `task_id` and `service_id` leave out those of others."""
    asked: dict[str, Any] = {"at": at, "most": most, "after_task": after[0], "after": after[1]}
    asked["tasks"] = tasks_in_doubt(user, chosen.get("task_id"))
    asked["service"] = chosen.get("service_id")
    with connection.cursor() as cursor:
        cursor.execute(DOUBTS, asked)
        return [Doubt(*row) for row in cursor.fetchall()]


def tasks_in_doubt(user: Anyone, task_id: int | None = None) -> list[int] | None:
    """Those that the user sees, or whether it is one of them, by their keys; None is all."""
    is_all = user.has_perm(SEE_EVERYTHING)  # type: ignore[union-attr]  # of all users of ours
    if task_id is not None:
        return list(Task.objects.visible_to(user).filter(pk=task_id).values_list("pk", flat=True))
    if is_all:
        return None
    own = Task.objects.visible_to(user).order_by().values("pk")
    in_doubt = SubTask.objects.in_doubt().filter(task__in=own).order_by()
    return list(in_doubt.values_list("task_id", flat=True).distinct())
