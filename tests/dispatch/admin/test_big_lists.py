"""Lists of millions: the number of queries does not grow, nothing is counted, indexes are used."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.models import Task
from tests.campaigns.admin.staff import MANAGER, SUPERUSER, address, member, signed_in
from tests.factories import (
    ContactFactory,
    ContentFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TagFactory,
    in_doubt,
)

pytestmark = pytest.mark.django_db

LISTS = {
    name: address(name, "changelist")
    for name in ("campaigns.task", "campaigns.subtask", "campaigns.contact", "dispatch.attempt",
                 "campaigns.suppression", "dispatch.emailservice")
}  # fmt: skip
NEWEST_STARTS = "ORDER BY started_at DESC LIMIT 100"
"""Of one service: the rate of a campaign is told from no more."""
BIG = ("campaigns_subtask", "campaigns_contact", "campaigns_suppression", "dispatch_attempt")

ATTEMPTS = """
INSERT INTO dispatch_attempt (subtask_id, service_id, dispatcher_id, claim_token, slot_at,
                              started_at, outcome, reply)
SELECT id, %s, 1, gen_random_uuid(), now(), now(), 'accepted', '' FROM campaigns_subtask
"""
SUBTASKS = """
INSERT INTO campaigns_subtask (task_id, content_id, recipient_email, variables, status, attempts,
                               failure_reason, error, provider_message_id)
SELECT %s, %s, 'r' || n || '@example.com', '{}', 'pending', 0, '', '', ''
FROM generate_series(1, %s) AS n
"""

SENT = (
    SUBTASKS.replace("'r'", "'s'")
    .replace("'pending'", "'failed'")
    .replace("0, ''", "0, 'rejected'", 1)
)


def make_one_of_each(owner: User) -> None:
    task = SendingTaskFactory(owner=owner)
    SubTaskFactory(task=task, content=ContentFactory(task=task))
    ContactFactory(owner=owner).tags.add(TagFactory(owner=owner))
    service = EmailServiceFactory()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM dispatch_attempt")
        cursor.execute(ATTEMPTS, [service.pk])
        cursor.execute(
            "INSERT INTO campaigns_suppression (email, reason, source) VALUES (%s, 'manual', '')",
            [f"s{service.pk}@example.com"],
        )


def queries_of(client: Client, url: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return [query["sql"] for query in queries]


@pytest.mark.parametrize("role", [SUPERUSER, MANAGER])
@pytest.mark.parametrize("name", LISTS)
def test_the_number_of_queries_does_not_grow(name: str, role: str) -> None:
    user = member(role)
    client = signed_in(user)
    make_one_of_each(user)
    few = queries_of(client, LISTS[name])
    for _ in range(5):
        make_one_of_each(user)
    many = queries_of(client, LISTS[name])
    assert len(many) == len(few) <= 20


@pytest.mark.parametrize("role", [SUPERUSER, MANAGER])
@pytest.mark.parametrize("name", [name for name in LISTS if name != "dispatch.emailservice"])
def test_no_big_table_is_counted(name: str, role: str) -> None:
    user = member(role)
    make_one_of_each(user)
    client = signed_in(user)
    for query in ("", "?q=r1@example.com", "?p=2"):
        for sql in queries_of(client, LISTS[name] + query):
            if "count(" in sql.lower():
                assert not any(f'FROM "{table}"' in sql for table in BIG), sql


def test_the_send_rate_of_a_service_counts_one_minute_only() -> None:
    make_one_of_each(member(SUPERUSER))
    queries = queries_of(signed_in(member(SUPERUSER)), LISTS["dispatch.emailservice"])
    counting = [sql for sql in queries if 'FROM "dispatch_attempt"' in sql]
    assert len(counting) == 1
    assert '"started_at" >= (STATEMENT_TIMESTAMP()' in counting[0]


def test_the_big_tables_are_called_so() -> None:
    assert set(BIG) <= set(connection.introspection.table_names())


def test_the_page_of_a_task_counts_no_subtask() -> None:
    user = member(SUPERUSER)
    make_one_of_each(user)
    task = Task.objects.get()
    for page in ("change", "progress"):
        url = address("campaigns.task", page, task.pk)
        asked = [q for q in queries_of(signed_in(user), url) if "campaigns_subtask" in q]
        assert asked
        unbounded = [sql for sql in asked if "LIMIT 1" not in sql]
        counting = [sql for sql in asked if "count(" in sql.lower() and NEWEST_STARTS not in sql]
        assert unbounded == counting == []


class TestAmongManySubTasks:
    """One owner has few of many; the oldest task is the one that is looked for."""

    ROWS_READ = 1_000  # a page is 50
    QUERIES = (
        "",
        "?task__id__exact={task}",
        "?task__id__exact={task}&status__exact=failed",
        "?task__id__exact={task}&in_doubt=yes",
        "?status__exact=failed",
        "?in_doubt=yes",
        "?q=r7@example.com",
    )

    @pytest.fixture
    def few(self) -> Task:
        """A task with 62 SubTasks, older than four with 5,000 each of somebody else."""
        few: Task = SendingTaskFactory()
        content = ContentFactory(task=few)
        SubTaskFactory(task=few, content=content, status="failed", failure_reason="rejected")
        in_doubt(EmailServiceFactory(), task=few, content=content)
        with connection.cursor() as cursor:
            for task, count in [(few, 60), *((SendingTaskFactory(), 5_000) for _ in range(4))]:
                content = ContentFactory(task=task)
                cursor.execute(SUBTASKS, [task.pk, content.pk, count])
            cursor.execute("ANALYZE campaigns_subtask")
        return few

    def rows_read(self, client: Client, url: str) -> int:
        """How many rows of the SubTask table the database reads for a list."""
        queries = [sql for sql in queries_of(client, url) if 'FROM "campaigns_subtask"' in sql]
        assert queries
        return sum(self.rows_read_by(sql) for sql in queries)

    def rows_read_by(self, sql: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
            [[plan]] = cursor.fetchall()
        return _rows(json.loads(plan) if isinstance(plan, str) else plan)

    @pytest.mark.parametrize("role", [SUPERUSER, MANAGER])
    def test_only_about_a_page_of_rows_is_read(self, few: Task, role: str) -> None:
        user = member(role)
        if role == MANAGER:
            Task.objects.filter(pk=few.pk).update(owner=user)
        client = signed_in(user)
        for query in self.QUERIES:
            url = LISTS["campaigns.subtask"] + query.format(task=few.pk)
            assert self.rows_read(client, url) <= self.ROWS_READ, query


def _rows(plan: Any) -> int:
    """Rows that were looked at in the SubTask table, found or filtered out."""
    if isinstance(plan, list):
        return sum(_rows(each) for each in plan)
    node = plan.get("Plan", plan)
    read = sum(_rows(child) for child in node.get("Plans", []))
    if node.get("Relation Name") == "campaigns_subtask" and re.search("Scan", node["Node Type"]):
        found = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        read += int(found * node["Actual Loops"])
    return read


@pytest.mark.parametrize("role", [SUPERUSER, MANAGER])
@pytest.mark.parametrize(
    "asked", ["status__exact=pending", "status__exact=sending&in_doubt=yes"], ids=["waits", "doubt"]
)
def test_what_is_under_way_is_looked_for_only_in_campaigns_that_have_such_messages(
    role: str, asked: str
) -> None:
    user = member(role)
    old, new = SendingTaskFactory(owner=user), SendingTaskFactory(owner=user)
    SubTaskFactory(
        task=new, content=ContentFactory(task=new), status="sent", service=EmailServiceFactory()
    )
    content = ContentFactory(task=old)
    waits = SubTaskFactory(task=old, content=content)
    doubt = in_doubt(
        EmailServiceFactory(), task=old, content=content, recipient_email="b@example.com"
    )

    queries = queries_of(signed_in(user), f"{LISTS['campaigns.subtask']}?{asked}")

    (page,) = [each for each in queries if "LIMIT 5" in each and 'FROM "campaigns_subtask"' in each]
    assert f'"campaigns_subtask"."task_id" IN ({old.pk})' in page
    shown = waits if "pending" in asked else doubt
    assert (
        shown.recipient_email
        in signed_in(user).get(f"{LISTS['campaigns.subtask']}?{asked}").content.decode()
    )


def test_the_planner_knows_that_hardly_anything_of_a_big_campaign_waits() -> None:
    big, small = SendingTaskFactory(), SendingTaskFactory()
    with connection.cursor() as cursor:
        for task, count in ((big, 20), (small, 20_000)):
            cursor.execute(SUBTASKS, [task.pk, ContentFactory(task=task).pk, count])
        cursor.execute(SENT, [big.pk, ContentFactory(task=big).pk, 20_000])
        cursor.execute("ANALYZE campaigns_subtask")
        cursor.execute(
            "EXPLAIN (FORMAT JSON) SELECT FROM campaigns_subtask WHERE task_id = %s AND status = 'pending'",
            [big.pk],
        )
        (((plan, *_),),) = cursor.fetchall()
    assert plan["Plan"]["Plan Rows"] < 500  # of 20,000, half of which would wait as elsewhere
