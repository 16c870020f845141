"""A database in the middle of its work: 100,000 SubTasks of several campaigns, in a few set-based statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from campaigns.models import Task
from dispatch.models import Dispatcher, EmailService
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
)

TABLES = "campaigns_subtask, campaigns_tally, campaigns_contact, dispatch_attempt, dispatch_turn"
OTHERS = "campaigns_task, dispatch_emailservice, dispatch_dispatcher, dispatch_pace, auth_user"

SUBTASKS_SQL = """
INSERT INTO campaigns_subtask (
    task_id, content_id, recipient_email, variables, status, service_id, claim_token, dispatcher_id,
    sending_at, in_doubt_since, attempts, failure_reason, error, provider_message_id, available_at)
SELECT %(task)s, %(content)s, reverse(m::text) || '.' || status || '@example.com', '{"name": "Ada"}',
       CASE status WHEN 'in doubt' THEN 'sending' ELSE status::subtask_status END,
       CASE WHEN status <> 'pending' THEN (%(services)s::bigint[])[1 + m %% %(of_services)s] END,
       CASE WHEN status IN ('allocated', 'sending', 'in doubt') THEN gen_random_uuid() END,
       CASE WHEN status IN ('allocated', 'sending')
            THEN (%(dispatchers)s::bigint[])[1 + m %% %(of_dispatchers)s] END,
       CASE WHEN status = 'in doubt' THEN now() - interval '3 minutes' END,
       CASE WHEN status = 'in doubt' THEN now() - interval '2 minutes' END, 0,
       CASE WHEN status = 'failed' THEN 'rejected' ELSE '' END, '', '',
       now() + CASE WHEN m %% 10 = 0 THEN interval '1 hour' ELSE '0' END
FROM unnest(%(statuses)s::text[], %(counts)s::int[]) AS mix(status, count),
     generate_series(1, mix.count) AS m
ORDER BY m::float8 / mix.count
"""
ATTEMPTS_SQL = """
INSERT INTO dispatch_attempt (
    subtask_id, service_id, dispatcher_id, claim_token, slot_at, started_at, outcome, code, reply)
SELECT id, service_id, 1, gen_random_uuid(), at, at, 'accepted', 250, 'OK'
FROM (SELECT id, service_id, now() - id * interval '8 seconds' AS at FROM campaigns_subtask
      WHERE status NOT IN ('pending', 'allocated', 'sending')) AS handed_over
"""
OLD_TALLIES_SQL = """
INSERT INTO campaigns_tally (task_id, status, in_doubt, failure_reason, count)
SELECT %s + n / 8, 'sent', false, '', 1 FROM generate_series(1, %s) AS n
"""
OLD_TURNS_SQL = """
INSERT INTO dispatch_turn (service_id, task_id, served_at)
SELECT service, 1000000 + n, now() FROM unnest(%s::bigint[]) AS service, generate_series(1, 1000) AS n
"""
FOREIGN_KEYS_SQL = """
SELECT conrelid::regclass, conname FROM pg_constraint
WHERE contype = 'f' AND conrelid = ANY (%s::regclass[])
"""
# PostgreSQL forgets what it knows of a column whose type is altered, even to the same one.
# As the superuser that the tests are; PostgreSQL forgets them when the type of a column is altered,
# too, but refuses that for what a generated column is made from.
FORGET_SQL = "DELETE FROM pg_statistic WHERE starelid = ANY (%s::regclass[])"
CONTACTS_SQL = """
INSERT INTO campaigns_contact (owner_id, email, name, attributes)
SELECT %s, 'c' || n || '@example.com', '', '{}' FROM generate_series(1, %s) AS n
"""


@dataclass(frozen=True, slots=True)
class BusyDatabase:
    services: list[EmailService]
    dispatchers: list[Dispatcher]
    old: Task
    cancelled: Task
    huge: Task
    small: Task


def begin() -> BusyDatabase:
    """What may have been there when PostgreSQL looked last: 1,000 SubTasks of a completed campaign."""
    # Whatever autovacuum found out meanwhile, it would not know about these rows.
    execute(f"LOCK TABLE {TABLES}, {OTHERS} IN SHARE UPDATE EXCLUSIVE MODE")
    drop_foreign_keys()
    forget_statistics()
    world = BusyDatabase(
        services=EmailServiceFactory.create_batch(10),
        dispatchers=DispatcherFactory.create_batch(4),
        old=SendingTaskFactory(status="completed"),
        cancelled=SendingTaskFactory(status="cancelled"),
        huge=SendingTaskFactory(),
        small=SendingTaskFactory(),
    )
    add(world, world.old, delivered=500, opened=300, clicked=100, bounced=50, failed=50)
    execute(OLD_TALLIES_SQL, [1_000_000, 200])
    return world


def grow(world: BusyDatabase) -> None:
    """A hundred times as much, in every state."""
    ended = {"delivered": 20_000, "opened": 8_000, "clicked": 2_000, "bounced": 500, "failed": 500}
    add(world, SendingTaskFactory(status="completed"), **ended)
    add(world, world.cancelled, pending=15_000, sent=1_000)
    add(world, SendingTaskFactory(status="paused"), pending=5_000, sent=3_000)
    held = {"allocated": 100, "sending": 20, "in_doubt": 8}
    add(
        world,
        world.huge,
        pending=20_000,
        sent=12_000,
        delivered=8_000,
        opened=2_000,
        clicked=1_000,
        failed=300,
        **held,
    )
    add(world, world.small, pending=200, allocated=20, sending=4, in_doubt=2, sent=800, failed=20)
    execute(ATTEMPTS_SQL)
    execute(OLD_TALLIES_SQL, [2_000_000, 20_000])
    execute(OLD_TURNS_SQL, [[service.pk for service in world.services]])
    execute(CONTACTS_SQL, [world.old.owner_id, 20_000])
    execute(CONTACTS_SQL, [world.small.owner_id, 500])


def add(world: BusyDatabase, task: Task, **counts: int) -> None:
    """SubTasks of a task, so many in each state, well mixed."""
    parameters = {
        "task": task.pk,
        "content": ContentFactory(task=task).pk,
        "services": [service.pk for service in world.services],
        "of_services": len(world.services),
        "dispatchers": [dispatcher.pk for dispatcher in world.dispatchers],
        "of_dispatchers": len(world.dispatchers),
        "statuses": [status.replace("_", " ") for status in counts],
        "counts": list(counts.values()),
    }
    execute(SUBTASKS_SQL, parameters)


def drop_foreign_keys() -> None:
    """So many rows take seconds to check, once for every test that ends."""
    with connection.cursor() as cursor:
        cursor.execute(FOREIGN_KEYS_SQL, [TABLES.split(", ")])
        for table, constraint in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")


def forget_statistics() -> None:
    """Whatever autovacuum has found in these tables during other tests; also how large they were."""
    execute(f"TRUNCATE {TABLES} CASCADE")
    with connection.cursor() as cursor:
        cursor.execute(FORGET_SQL, [TABLES.split(", ")])
        cursor.execute(
            "SELECT count(*) FROM pg_stats WHERE tablename = ANY (%s)", [TABLES.split(", ")]
        )
        assert cursor.fetchone()[0] == 0


def analyze() -> None:
    execute(f"ANALYZE {TABLES}, {OTHERS}")


def execute(sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
