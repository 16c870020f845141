"""Checking guarantees 1 to 6 and 12 of the design from the database alone, on live data.

One module for each guarantee: its queries name the rows that break it, and its summary says how far
from the limit everything else is. What cannot be told from the data is not judged: an alarm that
comes and goes by itself is worth as little as one that never comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import connection, transaction

from dispatch.audit.ab_tests import ab_tests_end_as_said
from dispatch.audit.acceptances import one_acceptance
from dispatch.audit.balance import nothing_lost
from dispatch.audit.claims import one_claim
from dispatch.audit.fairness import fair
from dispatch.audit.pace import exact_pace
from dispatch.audit.quota import exact_quota
from dispatch.audit.recipients import count_is_true
from dispatch.audit.result import AuditResult

__all__ = ["AuditResult", "audit"]

CHECKS: tuple[Callable[[], AuditResult], ...] = (
    one_claim,
    one_acceptance,
    nothing_lost,
    exact_pace,
    exact_quota,
    fair,
    count_is_true,
    ab_tests_end_as_said,
)
NO_TIME_LIMIT = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
ONE_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"


def audit() -> Iterator[AuditResult]:
    """Run every check, all on the database as it is at one moment, without time limit.

    Within a transaction of the caller's, what that sees is checked: its snapshots are its own.
    """
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        with connection.cursor() as cursor:
            if is_outermost:
                cursor.execute(ONE_SNAPSHOT)
            cursor.execute(NO_TIME_LIMIT)
        yield from [check() for check in CHECKS]
