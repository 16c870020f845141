"""The numbers of a task before its launch, each with its list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet

from campaigns import audience
from campaigns.models import Contact, LeftOutReason, Task
from campaigns.recipients import decision
from campaigns.recipients.addresses import AT_A_TIME
from campaigns.recipients.decision import SENT, Part

COUNT_SQL = "SELECT reason, count(*) FROM (DECIDED) AS decided GROUP BY 1"
ANY_SQL = f"SELECT 1 FROM (DECIDED) AS decided WHERE reason = '{SENT}' LIMIT 1"
LIST_SQL = """
SELECT id, address, suppression FROM (DECIDED) AS decided
WHERE reason = %(reason)s ORDER BY id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """`by_reason` has no reason that holds for none; candidates = sent + left out."""

    sent: int
    by_reason: Mapping[LeftOutReason, int]

    @property
    def left_out(self) -> int:
        return sum(self.by_reason.values())

    @property
    def candidates(self) -> int:
        return self.sent + self.left_out


class Listed(NamedTuple):
    """A candidate. `suppression` is the reason on the suppression list, of one that is there."""

    contact_id: int
    address: str
    suppression: str | None


def counts_of(by_reason: Mapping[str, int]) -> Counts:
    """From numbers by reason, that of those sent under the name of none; in the order in which the
    reasons are tried."""
    found = {reason: by_reason[reason] for reason in LeftOutReason if by_reason.get(reason)}
    return Counts(by_reason.get(SENT, 0), found)


def use_memory() -> None:
    """Let the database hash and sort many rows in memory, until the end of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute("SET LOCAL hash_mem_multiplier = 8")


def count(task: Task) -> Counts:
    """What a launch now would make of the task's candidates. Reads all of them."""
    with transaction.atomic():
        use_memory()
        return counts_of(dict(decision.rows(COUNT_SQL, decision.decide(task))))


def recipients(task: Task) -> QuerySet[Contact]:
    """Those who would get a message now."""
    return Contact.objects.filter(pk__in=decision.sending(decision.decide(task)))


def gets_any_message(task: Task) -> bool:
    """Whether a launch now would make a message. Looks at AT_A_TIME candidates after another."""
    after: int | None = 0
    while after is not None:
        keys = Part(after).of(audience.included(task)).order_by("pk").values_list("pk", flat=True)
        last = next(iter(keys[AT_A_TIME - 1 : AT_A_TIME]), None)
        if decision.rows(ANY_SQL, decision.decide(task, Part(after, last))):
            return True
        after = last
    return False


def listed(task: Task, reason: str, after: int, most: int) -> list[Listed]:
    """The first of those for whom a reason holds (`SENT` for none), in the order of their keys,
    above one."""
    decided = decision.decide(task, Part(after))
    return [Listed(*row) for row in decision.rows(LIST_SQL, decided, reason=reason, most=most)]
