"""Guarantee 12, for campaigns with an A/B test: the sample is as large as asked for and never
changes, the rest waits as long as the test says and no longer, and then has the content decided on.
Tests of cancelled campaigns are over: what waited is cancelled.
"""

from __future__ import annotations

from campaigns.models.ab_test import UNTIL_RELEASED
from dispatch.audit.result import MOST_NAMED, AuditResult, one, rows

TOTALS_SQL = """
SELECT count(*), coalesce(sum(sample_size), 0), coalesce(sum(rest - released), 0)
FROM campaigns_abtest a JOIN campaigns_task t ON t.id = a.task_id
WHERE a.state <> 'planned' AND t.status IN ('sending', 'paused', 'completed')
"""

# By index subtask_claim, for each task.
WITHOUT_TEST_SQL = """
SELECT t.id FROM campaigns_task t
LEFT JOIN campaigns_abtest a
    ON a.task_id = t.id AND a.state IN ('collecting', 'asking', 'releasing')
WHERE t.status IN ('sending', 'paused', 'completed') AND a.task_id IS NULL AND EXISTS (
    SELECT 1 FROM campaigns_subtask s
    WHERE s.task_id = t.id AND s.status = 'pending' AND s.available_at = %(until)s)
ORDER BY 1 LIMIT %(most)s
"""

WAITING_SQL = """
SELECT a.task_id, a.rest - a.released, waiting.number
FROM campaigns_abtest a JOIN campaigns_task t ON t.id = a.task_id, LATERAL (
    SELECT count(*) AS number FROM campaigns_subtask s
    WHERE s.task_id = a.task_id AND s.status = 'pending' AND s.available_at = %(until)s) AS waiting
WHERE a.state <> 'planned' AND t.status IN ('sending', 'paused', 'completed')
  AND waiting.number <> CASE a.state WHEN 'released' THEN 0 ELSE a.rest - a.released END
ORDER BY 1 LIMIT %(most)s
"""

SAMPLE_SQL = """
SELECT a.task_id, a.sample_size, coalesce(drawn.number, 0), l.inserted, asked.number, a.rest
FROM campaigns_abtest a
JOIN campaigns_launch l ON l.task_id = a.task_id
LEFT JOIN campaigns_absample d ON d.test_id = a.task_id,
LATERAL (
    SELECT count(DISTINCT s.id) AS number
    FROM unnest(d.subtask_ids) AS u(id) JOIN campaigns_subtask s ON s.id = u.id
    WHERE s.task_id = a.task_id) AS drawn,
LATERAL (
    SELECT least(l.inserted, CASE a.sample_unit
        WHEN 'percent' THEN (l.inserted * a.sample + 50) / 100
        ELSE a.sample END) AS number) AS asked
WHERE a.state <> 'planned' AND (drawn.number <> asked.number OR a.sample_size <> asked.number
    OR cardinality(d.subtask_ids) <> asked.number OR a.sample_size + a.rest <> l.inserted)
ORDER BY 1 LIMIT %(most)s
"""

# Of the rest, what does not wait any more: before the decision nothing, then what has the content
# decided on.
OTHERWISE_SQL = """
SELECT a.task_id, s.id, a.verdict = '' AS is_undecided
FROM campaigns_abtest a
JOIN campaigns_task t ON t.id = a.task_id AND t.status IN ('sending', 'paused', 'completed')
JOIN campaigns_absample d ON d.test_id = a.task_id
JOIN campaigns_subtask s ON s.task_id = a.task_id
    AND NOT (s.status = 'pending' AND s.available_at = %(until)s)
LEFT JOIN (SELECT test_id, unnest(subtask_ids) AS id FROM campaigns_absample) AS sample
    ON sample.id = s.id AND sample.test_id = a.task_id
WHERE a.state <> 'planned' AND sample.id IS NULL
  AND (a.verdict = '' OR a.verdict <> 'split' AND s.content_id <> a.winner_id)
ORDER BY 1, 2 LIMIT %(most)s
"""


def ab_tests_end_as_said() -> AuditResult:
    limits = {"most": MOST_NAMED, "until": UNTIL_RELEASED}
    tests, sample, waiting = one(TOTALS_SQL)
    return AuditResult(
        "12 A/B tests end as they say",
        f"{tests} tests with {sample} SubTasks in their samples, {waiting} wait for a result",
        [
            f"task {task}: SubTasks wait for the result of a test that it does not have"
            for (task,) in rows(WITHOUT_TEST_SQL, limits)
        ]
        + [
            f"task {task}: {number} SubTasks wait for the result of its test, it says {said}"
            for task, said, number in rows(WAITING_SQL, limits)
        ]
        + [
            f"task {task}: {asked} of its {made} SubTasks were to be its test's sample, "
            f"it says {said} and {rest} others, and {drawn} were drawn"
            for task, said, drawn, made, asked, rest in rows(SAMPLE_SQL, limits)
        ]
        + [
            f"task {task}: SubTask {pk} "
            + ("did not wait for the result" if is_undecided else "has not the content decided on")
            for task, pk, is_undecided in rows(OTHERWISE_SQL, limits)
        ],
    )
