"""After a restore: bring SubTasks up to date from sources outside the database.

With `campaigns.state.states` the only code that writes `SubTask.status`; no dispatcher may run
meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from campaigns.db.bulk_params import as_json
from campaigns.models.subtask import SubTaskStatus

NOT_HANDED_OVER = (SubTaskStatus.PENDING, SubTaskStatus.ALLOCATED, SubTaskStatus.SENDING)


class Since(NamedTuple):
    """What became of a SubTask: SENT, or SENDING for in doubt. Without a service it keeps its own;
    `at` is a time in ISO 8601, or "" when it is not known.
    """

    id: int
    status: SubTaskStatus
    service_id: int | None = None
    at: str = ""


def catch_up(
    rows: Iterable[Since], before: Collection[SubTaskStatus] = NOT_HANDED_OVER
) -> list[tuple[int, int]]:
    """Bring rows that are in one of these states up to date. Returns (id, service id) of those it
    changed.

    One in doubt has no time of its hand-over, so that no hand-over is repeated: the key that the
    provider knows it by is lost.
    """
    sql = f"""
    UPDATE campaigns_subtask s SET
        status = v.status::{connection.ops.quote_name(settings.SUBTASK_STATUS_TYPE)},
        service_id = coalesce(
            (SELECT e.id FROM dispatch_emailservice e WHERE e.id = v.service_id), s.service_id,
            (SELECT min(e.id) FROM dispatch_emailservice e)),
        claim_token = CASE WHEN v.status = 'sending' THEN gen_random_uuid() END,
        dispatcher_id = NULL,
        in_doubt_since = CASE WHEN v.status = 'sending' THEN clock_timestamp() END,
        failure_reason = '',
        failed_at = NULL,
        sending_at = CASE WHEN v.status = 'sent' THEN coalesce(v.at, s.sending_at) END,
        sent_at = CASE WHEN v.status = 'sent' THEN coalesce(v.at, clock_timestamp()) END
    FROM json_to_recordset(%s) AS v(id bigint, status text, service_id bigint, at timestamptz)
    WHERE s.id = v.id AND s.status::text = ANY(%s)
      AND NOT (v.status = 'sending' AND s.in_doubt_since IS NOT NULL)
    RETURNING s.id, s.service_id
    """
    known = [{**row._asdict(), "at": row.at or None} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(sql, [as_json(known), [status.value for status in before]])
        return [(int(pk), int(service_id)) for pk, service_id in cursor.fetchall()]
