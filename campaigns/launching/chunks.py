"""A chunk of a launch: one statement decides on its candidates, makes the SubTasks, and records
those left out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from campaigns.languages import choosing
from campaigns.launching import picking
from campaigns.launching.picking import Pick
from campaigns.models import ABTest, Contact, Promise, Task
from campaigns.models.ab_test import UNTIL_RELEASED
from campaigns.recipients import decision
from campaigns.recipients.decision import Decided, Part
from campaigns.segments.moment import Moment

COLUMNS = ("name", "attributes", "tracking_consent", "created_at")

# How many candidates there are, and the keys at which chunks end.
ENDS_SQL = """
SELECT count(*), coalesce(array_agg(id ORDER BY id) FILTER (WHERE nth %% {chunk} = 0), '{{}}')
FROM (SELECT id, row_number() OVER (ORDER BY id) AS nth FROM ({candidates}) AS c) AS numbered
"""

CHUNK_SQL = """
WITH decided AS MATERIALIZED (
    SELECT id, address, name, attributes, tracking_consent, suppression, reason, created_at
           LANGUAGE_COLUMN
    FROM (DECIDED) AS d
), inserted AS (
    INSERT INTO campaigns_subtask (task_id, contact_id, content_id, recipient_email, variables,
                                   status, attempts, failure_reason, error, provider_message_id
                                   WAITING_COLUMN)
    SELECT %(task)s, d.id, CONTENT, d.address,
           d.attributes || jsonb_build_object('name', d.name, 'email', d.address,
                                              'tracking_consent', d.tracking_consent),
           'pending', 0, '', '', ''
           WAITING_VALUE
    FROM decided d WHERE d.reason = ''
    ORDER BY d.id
    ONCE
    RETURNING 1
), left_out AS (
    INSERT INTO campaigns_leftout (task_id, contact_id, recipient_email, reason)
    SELECT %(task)s, d.id, d.address, d.reason FROM decided d WHERE d.reason <> ''
    ORDER BY d.id
    ON CONFLICT (task_id, contact_id) DO NOTHING
    RETURNING reason
), promised AS (
    SELECT c.id, c.key, p.reason
    FROM campaigns_promisedcontacts p, unnest(p.contact_ids, p.address_keys) AS c(id, key)
    WHERE p.promise_id = %(promise)s AND p.last_id > %(after)s AND p.first_id <= %(last)s
      AND c.id > %(after)s AND c.id <= %(last)s
), compared AS (
    INSERT INTO campaigns_difference
        (task_id, contact_id, recipient_email, change, promised, made)
    SELECT %(task)s, coalesce(d.id, p.id), coalesce(d.address, k.email, ''),
           CASE WHEN d.id IS NULL AND k.id IS NULL THEN 'deleted'
                WHEN d.id IS NULL THEN 'left'
                WHEN p.id IS NULL AND d.created_at > %(shown_at)s THEN 'added'
                WHEN p.id IS NULL THEN 'joined'
                WHEN p.reason = d.reason THEN 'address'
                WHEN d.reason = '' THEN 'sent'
                WHEN p.reason <> '' THEN 'reason'
                WHEN d.suppression = 'unsubscribed' THEN 'unsubscribed'
                ELSE 'left_out' END,
           coalesce(p.reason, 'none'), coalesce(d.reason, 'none')
    FROM decided d FULL JOIN promised p ON p.id = d.id
    LEFT JOIN campaigns_contact k ON d.id IS NULL AND k.id = p.id
    WHERE %(promise)s::bigint IS NOT NULL
      AND (d.id IS NULL OR p.id IS NULL OR d.reason <> p.reason
           OR p.key <> ('x' || left(md5(d.address), 16))::bit(64)::bigint)
    ON CONFLICT (task_id, contact_id) DO NOTHING
    RETURNING change, promised, made
)
SELECT count(*), (SELECT count(*) FROM inserted),
       count(*) FILTER (WHERE reason = '' AND tracking_consent),
       coalesce(bit_xor(hashint8extended(id, 0)), 0),
       (SELECT jsonb_object_agg(reason, n)
        FROM (SELECT reason, count(*) AS n FROM left_out GROUP BY 1) AS r),
       (SELECT jsonb_object_agg(suppression, n)
        FROM (SELECT CASE reason WHEN 'erased' THEN reason ELSE suppression END AS suppression,
                     count(*) AS n
              FROM decided WHERE reason IN ('erased', 'suppressed', 'domain') GROUP BY 1) AS s),
       (SELECT jsonb_agg(jsonb_build_array(change, promised, made, n))
        FROM (SELECT change, promised, made, count(*) AS n FROM compared GROUP BY 1, 2, 3) AS c)
FROM decided
"""

# Against what earlier chunks have made: another contact with the address, or the same one, whose
# chunk is made again.
COMPARED_SQL = """
SELECT d.id, d.address, d.name, d.attributes, d.tracking_consent, d.suppression, d.created_at,
       CASE WHEN d.reason = '' AND m.contact_id <> d.id THEN 'duplicate'
            ELSE d.reason END AS reason
FROM (DECIDED) AS d
LEFT JOIN campaigns_subtask m ON m.task_id = %(task)s AND m.recipient_email = d.address
"""


class Made(NamedTuple):
    """What a chunk has added. `agreed` are those to be sent to that agree to open tracking."""

    candidates: int
    inserted: int
    agreed: int
    fingerprint: int
    left_out: Mapping[str, int]
    suppressed: Mapping[str, int]
    differences: Sequence[tuple[str, str, str, int]]


def divide(candidates: QuerySet[Contact], size: int) -> tuple[int, list[int]]:
    """How many candidates there are, and the last one of each chunk but the last."""
    sql, params = candidates.order_by().values("id").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(ENDS_SQL.format(chunk=size, candidates=sql), params)
        count, ends = cursor.fetchone()
    return count, ends


def make(task: Task, part: Part, promise: Promise | None = None, at: Moment | None = None) -> Made:
    """Decide on a chunk as of a moment, write what was decided, and how it differs from what was
    promised. Safe to repeat: SubTasks and those left out are there once. Those of a task with a
    test wait, until its sample is drawn. Raises UnknownAudience.

    The first try expects no SubTask with the same address, which is much faster. Where there is
    one, everything is compared.
    """
    waits = ABTest.objects.filter(task=task).exists()
    picked = picking.pick(task, waits)
    values = {
        **picked.params,
        **_promised(part, promise),
        "task": task.pk,
        "until": UNTIL_RELEASED if waits else None,
    }
    try:
        with transaction.atomic():
            return _write(decision.decide(task, part, COLUMNS, at=at), picked, "", values)
    except IntegrityError:
        decided = decision.decide(task, part, COLUMNS, at=at, compare_all=True)
        compared = Decided(COMPARED_SQL.replace("DECIDED", decided.sql), decided.params)
        once = "ON CONFLICT (task_id, recipient_email) DO NOTHING"
        return _write(compared, picked, once, values)


def _promised(part: Part, promise: Promise | None) -> dict[str, Any]:
    return {
        "promise": promise.pk if promise else None,
        "shown_at": promise.shown_at if promise else None,
        "after": part.after,
        "last": part.up_to,
    }


def _write(decided: Decided, picked: Pick, once: str, values: Mapping[str, Any]) -> Made:
    waits = values["until"] is not None
    sql = CHUNK_SQL.replace("ONCE", once).replace("CONTENT", picked.sql)
    language = f", {choosing.OF_ATTRIBUTES}" if picked.needs_language else ""
    sql = sql.replace("LANGUAGE_COLUMN", language)
    sql = sql.replace("WAITING_COLUMN", ", available_at" if waits else "")
    sql = sql.replace("WAITING_VALUE", ", %(until)s" if waits else "")
    [row] = decision.rows(sql, decided, **values)
    candidates, inserted, agreed, fingerprint, left_out, suppressed, differences = row
    return Made(
        candidates,
        inserted,
        agreed,
        fingerprint,
        json.loads(left_out or "{}"),
        json.loads(suppressed or "{}"),
        json.loads(differences or "[]"),
    )
