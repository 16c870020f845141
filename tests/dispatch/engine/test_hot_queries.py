"""What is asked all the time looks at a few rows, however large the tables are.

Each statement is captured from the code that sends it and explained on 100,000 SubTasks: with statistics that are up to
date, with those that PostgreSQL gathered when there were a hundredth as many, and with none, as in a new database.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test import RequestFactory
from pytest_django import DjangoDbBlocker

from campaigns import tallies
from campaigns.launching import launch
from campaigns.models import SubTask, SubTaskStatus, Tally
from campaigns.state import lifecycle, retries, states
from campaigns.state.states import Held, Settlement
from dispatch import decisions
from dispatch.admin.services.state import with_state
from dispatch.claiming import agenda, claims
from dispatch.engine import tick
from dispatch.models import Attempt, Decision, DecisionChoice, EmailService
from dispatch.monitoring import snapshot
from dispatch.pace.gate import Gate
from tests import busy_database
from tests.busy_database import BusyDatabase
from tests.factories import SendingTaskFactory, UserFactory
from tests.plans import Plans, explained

pytestmark = pytest.mark.django_db
GROWING = frozenset(busy_database.TABLES.split(", "))
MOST_ROWS = 5_000
FRESH, STALE, NONE = "fresh statistics", "stale statistics", "no statistics"


@pytest.fixture(scope="module", params=[FRESH, STALE, NONE])
def busy(
    request: pytest.FixtureRequest,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[BusyDatabase]:
    with django_db_blocker.unblock(), transaction.atomic():
        busy_database.execute("SET LOCAL statement_timeout = 0")
        busy_database.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        world = busy_database.begin()
        if request.param == STALE:
            busy_database.analyze()
        busy_database.grow(world)
        if request.param == FRESH:
            busy_database.analyze()
        yield world
        transaction.set_rollback(True)


def wasteful(plans: Plans) -> list[str]:
    return [
        f"{scan.how} on {scan.rows:.0f} rows of {scan.table}: {scan.sql[:2000]}"
        for scan in plans.scans
        if scan.table in GROWING and (scan.how.startswith("Seq Scan") or scan.rows > MOST_ROWS)
    ]


def claiming(busy: BusyDatabase) -> None:
    for task in (busy.huge, busy.small):
        found = claims.lock_claimable(task.pk, 20)
        service = busy.services[0].pk
        claims.take([(claim, service) for claim in found], uuid.uuid4(), busy.dispatchers[0].pk)


def ticking(busy: BusyDatabase) -> None:
    services = [service.pk for service in busy.services]
    request = tick.TickRequest(
        dispatcher_id=busy.dispatchers[0].pk,
        gates={service.pk: Gate(service.limits) for service in busy.services},
        capacity=dict.fromkeys(services, 20),
        lanes=dict.fromkeys(services, 1),
        remembered=frozenset(),
    )
    assert tick.run(request).granted


def reading_the_agenda(busy: BusyDatabase) -> None:
    assert set(agenda.read().tasks) == {busy.huge.pk, busy.small.pk}


def recovering(busy: BusyDatabase) -> None:
    given_back, in_doubt = states.reclaim(busy.dispatchers[1].pk)
    assert given_back and in_doubt


def marking_and_settling(busy: BusyDatabase) -> None:
    rows = SubTask.objects.filter(status=SubTaskStatus.ALLOCATED, task=busy.huge)
    held = [Held(*row) for row in rows.values_list("id", "claim_token")]
    assert len(states.begin_sending(held)) == len(held)
    assert len(states.settle(Settlement(*row, SubTaskStatus.SENT) for row in held)) == len(held)


def deciding_doubts(busy: BusyDatabase) -> None:
    assert SubTask.objects.in_doubt().filter(task=busy.huge).count() == 8
    tasks = [busy.huge, busy.small]
    ids = list(SubTask.objects.in_doubt().filter(task__in=tasks).values_list("pk", flat=True))
    assert len(decisions.decide(ids, DecisionChoice.SEND_AGAIN, busy.huge.owner)) == 10


def repeating_doubts(busy: BusyDatabase) -> None:
    ids, window = [service.pk for service in busy.services], dt.timedelta(days=1)
    EmailService.objects.update(connection_changed_at=Now() - window)
    assert SubTask.objects.repeatable(ids, window).order_by().values("service_id").distinct()
    repeated = [claims.repeat(pk, window, 5, uuid.uuid4(), 1) for pk in ids]
    assert sum(map(len, repeated))


def completing(busy: BusyDatabase) -> None:
    assert lifecycle.complete_finished() == 0


def sweeping(busy: BusyDatabase) -> None:
    assert lifecycle.sweep_cancelled() == lifecycle.CANCEL_CHUNK


def retrying(busy: BusyDatabase) -> None:
    assert retries.plan(busy.small.subtasks.failed()).retryable == 20
    assert retries.retry_failed(busy.small.subtasks.failed()).retryable == 20


def launching(busy: BusyDatabase) -> None:
    task = SendingTaskFactory(owner=busy.small.owner, status="queued")
    launch.prepare(task)
    launch.expand_chunk(task)
    assert Tally.objects.counts(task.pk).total == 500


def reading_counts(busy: BusyDatabase) -> None:
    assert Tally.objects.counts_of([busy.huge.pk, busy.small.pk])


def folding(busy: BusyDatabase) -> None:
    change = Tally(task_id=busy.huge.pk, status=SubTaskStatus.SENT, count=1)
    Tally.objects.bulk_create([change] * tallies.FOLD_FROM)
    tallies.fold()
    assert Tally.objects.filter(task_id=busy.huge.pk).count() < tallies.FOLD_FROM


def reading_send_rates(busy: BusyDatabase) -> None:
    assert len(with_state(EmailService.objects.all(), AnonymousUser())) == len(busy.services)


def reading_the_history_of_a_subtask(busy: BusyDatabase) -> None:
    newest = Attempt.objects.latest("pk").subtask_id
    assert Attempt.objects.filter(subtask=newest).count() == 1
    assert not Decision.objects.filter(subtask=newest).exists()


def watching(busy: BusyDatabase) -> None:
    assert len(snapshot.take().services) == len(busy.services)


HOT: list[Callable[[BusyDatabase], None]] = [
    claiming,
    ticking,
    reading_the_agenda,
    recovering,
    marking_and_settling,
    deciding_doubts,
    repeating_doubts,
    completing,
    sweeping,
    retrying,
    launching,
    reading_counts,
    folding,
    reading_send_rates,
    reading_the_history_of_a_subtask,
    watching,
]


@pytest.mark.parametrize("hot", HOT, ids=lambda hot: hot.__name__.replace("_", " "))
def test_what_is_asked_all_the_time_looks_at_few_rows(
    busy: BusyDatabase, hot: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "CANCEL_CHUNK", 200)
    with explained() as plans:
        hot(busy)

    assert plans.scans
    assert wasteful(plans) == []


LISTS = [
    "",
    "task=huge",
    "task=old",
    "task=small",
    "task=small&status__exact=failed",
    "task=huge&status__exact=pending",
    "task=huge&status__exact=failed",
    "task=huge&status__exact=bounced",
    "task=huge&status__exact=clicked",
    "task=huge&in_doubt=yes",
    *[f"status__exact={status}" for status in SubTaskStatus.values],
    "failure_reason__exact=rejected",
    "failure_reason__exact=invalid",
    "service=mine",
    "in_doubt=yes",
    "in_doubt=no",
    "q=021.failed@example.com",
]


def open_list(busy: BusyDatabase, model: type, query: str, user: User) -> Plans:
    for name in ("huge", "old", "small"):
        query = query.replace(f"task={name}", f"task__id__exact={getattr(busy, name).pk}")
    request = RequestFactory().get(f"/?{query.replace('mine', str(busy.services[0].pk))}")
    request.user = user
    with explained() as plans:
        admin.site.get_model_admin(model).get_changelist_instance(request)
    return plans


@pytest.mark.parametrize("busy", [FRESH], indirect=True)
@pytest.mark.parametrize("query", LISTS)
def test_a_page_of_subtasks_looks_at_few_rows_whatever_it_is_filtered_by(
    busy: BusyDatabase, query: str
) -> None:
    assert wasteful(open_list(busy, SubTask, query, UserFactory(is_superuser=True))) == []


@pytest.mark.parametrize("busy", [FRESH], indirect=True)
@pytest.mark.parametrize("owner", ["old", "small"])
@pytest.mark.parametrize("query", ["", "task=huge", "status__exact=delivered", "in_doubt=yes"])
def test_a_page_of_ones_own_subtasks_looks_at_few_rows(
    busy: BusyDatabase, owner: str, query: str
) -> None:
    assert wasteful(open_list(busy, SubTask, query, getattr(busy, owner).owner)) == []


@pytest.mark.parametrize("busy", [FRESH], indirect=True)
@pytest.mark.parametrize(
    "query",
    [
        "",
        "service=mine",
        "outcome__exact=unknown",
        "outcome__exact=accepted",
        "q=021.failed@example.com",
    ],
)
def test_a_page_of_attempts_looks_at_few_rows(busy: BusyDatabase, query: str) -> None:
    assert wasteful(open_list(busy, Attempt, query, UserFactory(is_superuser=True))) == []


@pytest.mark.parametrize("busy", [FRESH], indirect=True)
@pytest.mark.parametrize("rare", [{"error": "nothing"}, {"error": "nothing", "pk__gt": 0}])
def test_a_query_that_walks_through_the_table_would_be_noticed(
    busy: BusyDatabase, rare: dict[str, int | str]
) -> None:
    with explained() as plans:
        list(SubTask.objects.filter(**rare).order_by("-pk")[:50])

    assert wasteful(plans)


@pytest.mark.parametrize("busy", [FRESH], indirect=True)
def test_every_index_of_the_subtasks_serves_one_of_these_queries(
    busy: BusyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "CANCEL_CHUNK", 200)
    used = set()
    for hot in HOT:
        with transaction.atomic(), explained() as plans:
            hot(busy)
            transaction.set_rollback(True)
        used |= plans.indexes
    for query in LISTS:
        used |= open_list(busy, SubTask, query, UserFactory(is_superuser=True)).indexes
    used.add(
        "subtask_provider_message"
    )  # serves what comes back: tests/tracking/events/test_plans.py

    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'campaigns_subtask'")
        assert {name for (name,) in cursor.fetchall()} <= used
