"""This project as the benchmarks run it: a fresh database, services, a campaign, clusters.

Import it only after `product_settings.use_product`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.db import connection, transaction

from bench import letter
from bench.context import Bench
from bench.product_settings import DATABASE, TEMPLATE, environment
from bench.rig.programs import Program, python, run, wait_until
from campaigns.models import Sender, Tally, Task, TaskStatus, TaskTemplate, Template
from campaigns.state import lifecycle
from dispatch.encryption import encrypt
from dispatch.models import Dispatcher, EmailService
from dispatch.pace import pace_rows
from dispatch.pace import services as pace_services

CONTACTS_SQL = """
INSERT INTO campaigns_contact (owner_id, email, name, attributes)
SELECT %s, 'person' || n || '@example.com', 'Person ' || n,
       jsonb_build_object('first_name', 'Person ' || n, 'company', %s::text)
FROM generate_series(%s, %s) AS n
"""
CONTACTS_AT_A_TIME = 200_000
UNDER_WAY = (TaskStatus.SENDING, TaskStatus.COMPLETED)


@contextmanager
def fresh_database(bench: Bench) -> Iterator[None]:
    """An empty, migrated database, in use by this process within the block."""
    connection.close()
    with bench.server.fresh(DATABASE, bench.server.name(TEMPLATE)):
        bench.server.checkpoint()
        try:
            yield
        finally:
            connection.close()


def make_services(port: int, count: int, connections: int) -> list[EmailService]:
    """Services without pace and quota that send to this port."""
    transport = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "timeout": 30,
        "reply_timeout": 30,
        "messages_per_connection": 1_000,
    }
    made = [
        EmailService(
            name=f"service {number}",
            domain=f"mail{number}.bench.example.com",
            provider="smtp",
            sending_interval=Decimal(0),
            max_connections=connections,
            credentials=encrypt(transport),
        )
        for number in range(count)
    ]
    for service in made:
        pace_services.save(service)
    return made


def make_campaign(recipients: int) -> Task:
    """A draft of the letter to so many contacts."""
    owner = get_user_model()._default_manager.create(username=f"owner {uuid.uuid4()}")
    for first in range(0, recipients, CONTACTS_AT_A_TIME):
        last = min(first + CONTACTS_AT_A_TIME, recipients) - 1
        with connection.cursor() as cursor:
            cursor.execute(CONTACTS_SQL, [owner.pk, letter.COMPANY, first, last])
    sender = Sender.objects.create(
        owner_id=owner.pk, local_part="news", display_name="Example News"
    )
    template = Template.objects.create(
        owner_id=owner.pk, name="newsletter", subject=letter.SUBJECT, html=letter.html()
    )
    task = Task.objects.create(owner_id=owner.pk, name="newsletter", sender=sender)
    TaskTemplate.objects.create(task=task, template=template)
    return task


def freeze(services: Sequence[EmailService]) -> None:
    for service in services:
        with transaction.atomic():
            pace_rows.freeze(service, "the benchmark has not begun")


def unfreeze(services: Sequence[EmailService]) -> None:
    with transaction.atomic():
        for service in services:
            pace_rows.unfreeze(service)


def launch(task: Task, seconds: float = 600) -> float:
    """Launch and wait until all SubTasks are made. Returns how many seconds that took."""
    lifecycle.launch(task)
    return wait_until(lambda: is_under_way(task), seconds, "the campaign is launched")


def is_under_way(task: Task) -> bool:
    return Task.objects.filter(pk=task.pk, status__in=UNDER_WAY).exists()


def is_sent(task: Task) -> bool:
    """Whether every SubTask is durably in a final state."""
    return Tally.objects.counts(task.pk).open == 0


@contextmanager
def clusters(bench: Bench, count: int, dispatchers: int) -> Iterator[list[Program]]:
    """So many `manage.py qcluster`, each with so many dispatchers, all running."""
    env = environment(bench.database_url, dispatchers)
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                Program(f"qcluster{n}", python("manage.py", "qcluster"), env, bench.directory)
            )
            for n in range(count)
        ]
        wait_until(
            lambda: Dispatcher.objects.filter(ended_at=None).count() == count * dispatchers,
            60,
            "all dispatchers run",
        )
        yield running


def audit(bench: Bench) -> None:
    """Raises Failure when a guarantee is broken."""
    manage(bench, "audit_dispatch")


def manage(bench: Bench, *arguments: str) -> str:
    env = environment(bench.database_url)
    return run(arguments[0], python("manage.py", *arguments), env, bench.directory)
