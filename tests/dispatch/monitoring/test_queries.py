"""What watching costs: with millions of SubTasks no query may read more than is in flight."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dispatch.admin import monitor
from dispatch.monitoring import history, snapshot
from edm_project.web import health
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    held,
    in_doubt,
)

pytestmark = pytest.mark.django_db
SUBTASKS = 20_000
BIG = {"campaigns_subtask", "dispatch_attempt"}
NEWEST_ATTEMPTS = 200
"""Of each service; of SubTasks one or two are read."""

FILL = """
INSERT INTO campaigns_subtask (task_id, content_id, recipient_email, variables, status, service_id,
                               attempts, failure_reason, error, provider_message_id)
SELECT %(task)s, %(content)s, 'r' || n || '@example.com', '{}',
       (CASE WHEN n %% 2 = 0 THEN 'sent' ELSE 'pending' END)::subtask_status,
       CASE WHEN n %% 2 = 0 THEN %(service)s END, 0, '', '', ''
FROM generate_series(1, %(subtasks)s) AS n;
INSERT INTO dispatch_attempt (subtask_id, service_id, dispatcher_id, claim_token, slot_at,
                              started_at, outcome, reply)
SELECT id, %(service)s, 1, gen_random_uuid(), now() - id * interval '10 ms',
       now() - id * interval '10 ms', 'accepted', ''
FROM campaigns_subtask WHERE status = 'sent';
ANALYZE campaigns_subtask, dispatch_attempt, campaigns_task, dispatch_emailservice;
"""


@pytest.fixture
def many() -> None:
    """So many rows that the planner takes an index wherever there is one."""
    task = SendingTaskFactory()
    service, dispatcher = EmailServiceFactory(sending_interval=1), DispatcherFactory()
    held("sending", dispatcher, service, task=task)
    in_doubt(service, task=task)
    with connection.cursor() as cursor:
        cursor.execute(
            FILL,
            {
                "task": task.pk,
                "content": ContentFactory(task=task).pk,
                "service": service.pk,
                "subtasks": SUBTASKS,
            },
        )


def everything() -> list[str]:
    """The statements of all that watches."""
    with CaptureQueriesContext(connection) as captured:
        snapshot.take()
        monitor.history()
        history.count_ended()
        history.take_sample()
        health.check_parts()
    return [query["sql"] for query in captured]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def plan_of(sql: str, options: str = "") -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({options}FORMAT JSON) {sql}")
        plan = cursor.fetchone()[0]
    return list(nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))


def selects(statements: list[str]) -> list[str]:
    return [sql for sql in statements if sql.lstrip().startswith(("SELECT", "(SELECT"))]


def test_no_query_scans_a_big_table(many: None) -> None:
    scans = [
        (node["Relation Name"], sql)
        for sql in selects(everything())
        for node in plan_of(sql)
        if node["Node Type"].startswith("Seq") and node["Relation Name"] in BIG
    ]

    assert scans == []


def test_few_rows_of_the_big_tables_are_read(many: None) -> None:
    rows = {
        (node["Relation Name"], sql): node["Actual Rows"] * node["Actual Loops"]
        for sql in selects(everything())
        for node in plan_of(sql, "ANALYZE, ")
        if node.get("Relation Name") in BIG
    }

    assert rows
    assert max(rows.values()) <= NEWEST_ATTEMPTS


def test_reading_everything_takes_a_fixed_number_of_queries(many: None) -> None:
    before = len(everything())
    SendingTaskFactory.create_batch(3)
    EmailServiceFactory.create_batch(3)
    DispatcherFactory.create_batch(3)

    assert len(everything()) <= before
