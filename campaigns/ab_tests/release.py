"""Release the rest of a decided test: its waiting SubTasks get their content and may be sent.

A chunk a call, in a transaction of its own. What waits is told by `available_at`, so that a chunk
whose process is killed is simply done again, and nothing is released twice: a SubTask that was
released does not wait any more.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models.functions import Now

from campaigns.ab_tests.variants import variants_of
from campaigns.models import ABTest, TaskStatus
from campaigns.models.ab_test import UNTIL_RELEASED, TestState

CHUNK = 20_000
MAY_GO = (TaskStatus.SENDING, TaskStatus.PAUSED, TaskStatus.COMPLETED)

# In the order of index subtask_claim. Locks rows as a claim does, and waits for those that an
# erasure has locked. With several contents each gets an equal part, at random.
RELEASE_SQL = """
WITH waiting AS MATERIALIZED (
    SELECT id FROM campaigns_subtask
    WHERE task_id = %(task)s AND status = 'pending' AND available_at = %(until)s
    ORDER BY available_at, id LIMIT %(chunk)s FOR NO KEY UPDATE
), dealt AS (
    SELECT id, row_number() OVER (ORDER BY hashint8extended(id, %(task)s), id) - 1 AS nth
    FROM waiting
)
UPDATE campaigns_subtask s
SET available_at = now(),
    content_id = (%(contents)s::bigint[])[
        1 + (d.nth + %(released)s) %% cardinality(%(contents)s::bigint[])]
FROM dealt d WHERE s.id = d.id
"""


def release_decided() -> int:
    """Release a chunk of each decided test. Returns how many SubTasks."""
    decided = ABTest.objects.filter(state=TestState.RELEASING, task__status__in=MAY_GO)
    return sum(release_chunk(pk) for pk in decided.values_list("pk", flat=True))


def release_chunk(test_id: int) -> int:
    """Locks the test, then the SubTasks by their keys. Returns how many were released."""
    with transaction.atomic():
        releasing = ABTest.objects.filter(
            pk=test_id, state=TestState.RELEASING, task__status__in=MAY_GO
        )
        test = releasing.select_for_update(no_key=True, of=("self",)).first()
        if test is None:
            return 0
        released = _release(test)
        test.released += released
        if released < CHUNK:
            test.state = TestState.RELEASED
            test.released_at = Now()
        test.save(update_fields=["released", "state", "released_at"])
    return released


def _release(test: ABTest) -> int:
    contents = [test.winner_id] if test.winner_id else [v.content_id for v in variants_of(test.pk)]
    values = {
        "task": test.pk,
        "until": UNTIL_RELEASED,
        "chunk": CHUNK,
        "contents": contents,
        "released": test.released,
    }
    with connection.cursor() as cursor:
        cursor.execute(RELEASE_SQL, values)
        released: int = cursor.rowcount
        return released
