"""No query that runs often walks the whole inbox: planned on tens of thousands of events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from campaigns.models import SubTask
from tests.campaigns.admin.staff import SUPERUSER, member, signed_in
from tests.tracking.making import event, sent
from tracking import feedback
from tracking.event_kinds import EventKind
from tracking.events import apply, effects, inbox, match, retention
from tracking.models import Event

FILL = """
INSERT INTO tracking_event (kind, actor, source, dedupe_key, subtask_id, message_id,
    provider_message_id, recipient, url, detail, ip_address, user_agent, raw, received_at, state,
    due_at, note)
SELECT CASE WHEN n % 1000 = 0 THEN 'complained' WHEN n % 3 = 0 THEN 'opened' ELSE 'delivered' END,
       'person', 'filled', n::text, n / 3, '', '', 'r' || n / 3 || '@example.com', '', '', '', '',
       '{}', now() - make_interval(secs => n), CASE WHEN n % 5000 = 0 THEN 'given_up' ELSE 'applied' END,
       now(), ''
FROM generate_series(1, 40000) AS n
"""
SUBTASKS = """
UPDATE campaigns_subtask SET provider_message_id = 'name-' || id;
INSERT INTO campaigns_subtask (task_id, content_id, recipient_email, variables, status, service_id,
    attempts, failure_reason, error, provider_message_id)
SELECT task_id, content_id, 'r' || n || '@example.com', '{}', status, service_id, 0, '', '', 'name-x' || n
FROM campaigns_subtask, generate_series(1, 20000) AS n;
"""


@pytest.fixture
def inbox_is_full(db: None) -> SubTask:
    subtask = sent(provider_message_id="x")
    with connection.cursor() as cursor:
        cursor.execute(SUBTASKS)
        cursor.execute(FILL)
        cursor.execute("ANALYZE tracking_event; ANALYZE campaigns_subtask")
    return subtask


def walks(run: Callable[[], object]) -> list[str]:
    """The statements in `run` whose plan has a sequential scan of a large table."""
    with CaptureQueriesContext(connection) as queries:
        run()
    found = []
    for query in queries:
        sql = query["sql"].strip()
        if not sql.upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            continue
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + sql)
            plan = "\n".join(row[0] for row in cursor.fetchall())
        if "Seq Scan on tracking_event" in plan or "Seq Scan on campaigns_subtask" in plan:
            found.append(f"{sql}\n{plan}")
    return found


def test_applying_a_chunk_looks_only_at_what_it_is_about(
    inbox_is_full: SubTask, settings: Settings
) -> None:
    subtask = inbox_is_full
    settings.SCANNER_SECONDS = 5
    told: dict[str, Any] = {
        "provider_message_id": f"name-{subtask.pk}",
        "service_id": subtask.service_id,
    }
    inbox.accept(
        [event(kind, subtask) for kind in EventKind]
        + [event(EventKind.SOFT_BOUNCED, **told), event(EventKind.CLICKED, subtask, source="click")]
    )
    Event.objects.filter(source="click").update(due_at="2020-01-01T00:00Z")
    assert walks(apply.apply_waiting) == []
    assert not Event.objects.filter(state="waiting").exists()


def test_accepting_looks_up_keys_only(inbox_is_full: SubTask) -> None:
    assert walks(lambda: inbox.accept([event(EventKind.OPENED)])) == []


def test_finding_nothing_to_do_costs_nothing(inbox_is_full: SubTask) -> None:
    assert walks(apply.apply_waiting) == []
    assert walks(retention.forget_payloads) == []


def test_a_subtasks_page_reads_its_own_events(inbox_is_full: SubTask) -> None:
    assert walks(lambda: feedback.events_of(inbox_is_full)) == []


def test_soft_bounces_are_counted_by_address(inbox_is_full: SubTask) -> None:
    bounced = [Event(kind="soft_bounced", recipient="r5@example.com")]
    assert walks(lambda: effects.suppress_soft_bounces(bounced)) == []


def test_names_of_providers_are_looked_up(inbox_is_full: SubTask) -> None:
    told = [Event(pk=1, provider_message_id="name-x77", service_id=1)]
    assert walks(lambda: match.match(told)) == []


@pytest.mark.parametrize(
    "query",
    ["", "?q=r77@example.com", "?kind__exact=complained", "?state__exact=given_up", "?state__exact=waiting"],
)  # fmt: skip
def test_the_list_in_the_admin_walks_no_table(inbox_is_full: SubTask, query: str) -> None:
    client = signed_in(member(SUPERUSER))
    client.get("/admin/tracking/event/")
    assert walks(lambda: client.get(f"/admin/tracking/event/{query}")) == []
