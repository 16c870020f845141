"""Guarantee 12: the candidates of a launch are its SubTasks and those left out, by reason and by
identity. Judged once a launch has ended, and where it recorded both.
"""

from __future__ import annotations

from dispatch.audit.result import MOST_NAMED, AuditResult, one, rows

TOTALS_SQL = """
SELECT count(*), coalesce(sum(walked), 0), coalesce(sum(inserted), 0)
FROM campaigns_launch WHERE finished_at IS NOT NULL AND fingerprint IS NOT NULL
"""

SUMS_SQL = """
SELECT l.task_id, l.walked, l.inserted, coalesce(sum(r.number::bigint), 0)
FROM campaigns_launch l LEFT JOIN jsonb_each_text(l.left_out) AS r(reason, number) ON true
WHERE l.finished_at IS NOT NULL AND l.fingerprint IS NOT NULL
GROUP BY 1 HAVING l.walked <> l.inserted + coalesce(sum(r.number::bigint), 0)
ORDER BY 1 LIMIT %(most)s
"""

REASONS_SQL = """
WITH launched AS (
    SELECT * FROM campaigns_launch WHERE finished_at IS NOT NULL AND fingerprint IS NOT NULL
), said AS (
    SELECT l.task_id, r.reason, r.number::bigint AS number
    FROM launched l, jsonb_each_text(l.left_out) AS r(reason, number)
), kept AS (
    SELECT o.task_id, o.reason, count(*) AS number
    FROM campaigns_leftout o JOIN launched l ON l.task_id = o.task_id GROUP BY 1, 2
)
SELECT task_id, reason, coalesce(s.number, 0), coalesce(k.number, 0)
FROM said s FULL JOIN kept k USING (task_id, reason)
WHERE coalesce(s.number, 0) <> coalesce(k.number, 0) ORDER BY 1, 2 LIMIT %(most)s
"""

IN_BOTH_SQL = """
SELECT o.task_id, o.contact_id, s.id, count(*) OVER ()
FROM campaigns_leftout o
JOIN campaigns_subtask s ON s.task_id = o.task_id AND s.contact_id = o.contact_id
ORDER BY 1, 2 LIMIT %(most)s
"""

# The launch combined the hashes of all that it looked at; so does this of all that it has made.
IDENTITIES_SQL = """
WITH launched AS (
    SELECT task_id, fingerprint FROM campaigns_launch
    WHERE finished_at IS NOT NULL AND fingerprint IS NOT NULL
), recorded AS (
    SELECT task_id, contact_id FROM campaigns_subtask
    UNION ALL SELECT task_id, contact_id FROM campaigns_leftout
)
SELECT l.task_id
FROM launched l LEFT JOIN recorded r ON r.task_id = l.task_id
GROUP BY 1, l.fingerprint
HAVING coalesce(bit_xor(hashint8extended(r.contact_id, 0)), 0) <> l.fingerprint
    OR count(*) FILTER (WHERE r.contact_id IS NULL AND r.task_id IS NOT NULL) > 0
ORDER BY 1 LIMIT %(most)s
"""


def count_is_true() -> AuditResult:
    most = {"most": MOST_NAMED}
    launches, candidates, messages = one(TOTALS_SQL)
    in_both = rows(IN_BOTH_SQL, most)
    return AuditResult(
        "12 the count is the truth",
        f"{candidates} candidates of {launches} launches, {messages} got a message, "
        f"{candidates - messages} were left out, {in_both[0][3] if in_both else 0} both",
        [
            f"task {task}: {looked_at} candidates, but {made} messages and {left_out} left out"
            for task, looked_at, made, left_out in rows(SUMS_SQL, most)
        ]
        + [
            f"task {task}: the launch left out {said} as {reason}, {kept} are recorded"
            for task, reason, said, kept in rows(REASONS_SQL, most)
        ]
        + [
            f"task {task}: contact {contact} was left out and has SubTask {subtask}"
            for task, contact, subtask, _ in in_both
        ]
        + [
            f"task {task}: the SubTasks and those left out are not the contacts that the launch "
            "looked at"
            for (task,) in rows(IDENTITIES_SQL, most)
        ],
    )
