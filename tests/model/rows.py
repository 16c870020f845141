"""SubTasks as they are in the database at one moment, for comparing one moment with the next."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.db import connection

from tests.model.hand_overs import End

SQL = """
SELECT id, task_id, recipient_email, status::text, in_doubt_since IS NOT NULL, attempts,
       failure_reason, dispatcher_id, claim_token, available_at, service_id
FROM campaigns_subtask
"""


@dataclass(frozen=True, slots=True)
class SubTaskRow:
    id: int
    task_id: int
    address: str
    status: str
    in_doubt: bool
    attempts: int
    reason: str
    dispatcher_id: int | None
    token: uuid.UUID | None
    available_at: dt.datetime
    service_id: int | None

    @property
    def state(self) -> tuple[object, ...]:
        """What the model says about it; tokens are random, and it does not say when it is
        available.
        """
        return self.status, self.in_doubt, self.attempts, self.reason, self.dispatcher_id

    def becomes(
        self, status: str, reason: str = "", *, in_doubt: bool = False, attempts: int | None = None
    ) -> SubTaskRow:
        """It, in nobody's hands."""
        return replace(
            self,
            status=status,
            reason=reason,
            in_doubt=in_doubt,
            attempts=self.attempts if attempts is None else attempts,
            dispatcher_id=None,
            token=None,
        )

    def claimed(self, dispatcher_id: int) -> SubTaskRow:
        return replace(self, status="allocated", dispatcher_id=dispatcher_id)

    def repeated(self, dispatcher_id: int) -> SubTaskRow:
        """It, claimed so that its hand-over in doubt is repeated."""
        return replace(self, in_doubt=False, dispatcher_id=dispatcher_id)

    def left_in_doubt(self) -> SubTaskRow:
        return self.becomes("sending", in_doubt=True)

    def ended(self, end: End, most_attempts: int, is_repeat: bool) -> SubTaskRow:
        """It, after its hand-over ended so. Whatever becomes of a repeat says nothing about the
        first one, unless it is accepted.
        """
        if is_repeat and end.status != "sent":
            return self.left_in_doubt()
        attempts = self.attempts + end.counts
        if attempts > most_attempts:
            return self.becomes("failed", "retries_exhausted", attempts=attempts)
        return self.becomes(
            end.status, end.reason, attempts=attempts, in_doubt=end.status == "sending"
        )

    def recovered(self) -> SubTaskRow:
        """It, after the dispatcher that held it died."""
        if self.status == "allocated":
            return self.becomes("pending")
        return self.left_in_doubt()


Explanation = Callable[[SubTaskRow, SubTaskRow], bool]
"""Whether a step may have made the second of the first; asked about every row, changed or not."""


def read() -> dict[int, SubTaskRow]:
    with connection.cursor() as cursor:
        cursor.execute(SQL)
        return {row[0]: SubTaskRow(*row) for row in cursor.fetchall()}


def untouched(before: SubTaskRow, after: SubTaskRow) -> bool:
    return before == after


def exactly(expected: Callable[[SubTaskRow], SubTaskRow]) -> Explanation:
    """Each row is as expected, and untouched where nothing is expected to change."""

    def explains(before: SubTaskRow, after: SubTaskRow) -> bool:
        wanted = expected(before)
        return after == before if wanted == before else after.state == wanted.state

    return explains
