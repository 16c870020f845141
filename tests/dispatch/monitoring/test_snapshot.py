"""Everything else that is watched, on known data."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import OrmQ

from campaigns.models import Launch, SubTask
from campaigns.state import lifecycle
from dispatch.models import Attempt, EmailService, Pace
from dispatch.monitoring import activity, database, queues, services, snapshot
from dispatch.pace import pace_rows
from tests.concurrency import second_connection, wait_until_others_are_gone
from tests.factories import (
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TaskFactory,
    held,
    in_doubt,
    living_dispatcher,
    sending_task,
)

pytestmark = pytest.mark.django_db


def attempt(service: EmailService, late_seconds: float, minutes_ago: float = 1) -> None:
    slot = timezone.now() - dt.timedelta(minutes=minutes_ago)
    Attempt.objects.create(
        subtask=SubTaskFactory(),
        service=service,
        dispatcher_id=1,
        claim_token=uuid.uuid4(),
        slot_at=slot,
        started_at=slot + dt.timedelta(seconds=late_seconds),
        outcome="accepted",
    )


def only_service() -> services.ServiceReading:
    (reading,) = snapshot.take().services
    return reading


def test_lateness_is_that_of_the_newest_starts() -> None:
    service = EmailServiceFactory(sending_interval=1)
    for milliseconds in (10, 20, 30):
        attempt(service, milliseconds / 1000)

    late = only_service().lateness
    assert late is not None

    assert late.starts == 3
    assert [late.p50, late.max] == pytest.approx([0.02, 0.03])
    assert 0.02 < late.p99 < 0.03


def test_starts_of_long_ago_say_nothing_about_lateness() -> None:
    attempt(EmailServiceFactory(sending_interval=1), 0.5, minutes_ago=11)

    assert only_service().lateness is None


def test_a_service_without_a_pace_is_never_late() -> None:
    attempt(EmailServiceFactory(sending_interval=0), 0.5)

    assert only_service().lateness is None


def test_a_frozen_service_cannot_send() -> None:
    service = EmailServiceFactory()
    pace_rows.freeze(service, "Closed by the provider")

    reading = only_service()

    assert (reading.frozen, reading.pace.needs_person, reading.can_send) == (True, True, False)


def test_a_service_that_is_frozen_for_a_while_is_so_until_then() -> None:
    service = EmailServiceFactory()
    Pace.objects.filter(service=service).update(frozen_until=Now() + dt.timedelta(seconds=60))
    assert only_service().frozen

    Pace.objects.filter(service=service).update(frozen_until=Now() - dt.timedelta(seconds=1))
    assert not only_service().frozen


def test_the_quota_that_is_used_is_that_of_the_running_day() -> None:
    service = EmailServiceFactory(daily_quota=10)
    now = timezone.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    pace = Pace.objects.filter(service=service)
    pace.update(quota_period_start=midnight, quota_used=10)
    assert (only_service().quota_used, only_service().can_send) == (10, False)

    pace.update(quota_period_start=midnight - dt.timedelta(days=3))
    assert (only_service().quota_used, only_service().can_send) == (0, True)


def test_subtasks_in_doubt_are_counted_by_service() -> None:
    first, second = EmailServiceFactory.create_batch(2)
    in_doubt(first)
    in_doubt(first)
    in_doubt(second)

    assert services.in_doubt() == {first.pk: 2, second.pk: 1}


def test_a_service_has_work_when_a_task_waits_that_it_may_send() -> None:
    chosen, other = EmailServiceFactory.create_batch(2)
    sending_task(1).services.add(chosen)

    has_work = {each.service: each.has_work for each in snapshot.take().services}

    assert has_work == {chosen: True, other: False}


def test_what_a_service_has_done_is_by_its_outcomes() -> None:
    service = EmailServiceFactory()
    DispatcherFactory(figures={"services": {str(service.pk): {"accepted": 3}}})

    assert only_service().total == {"accepted": 3}


def test_the_task_with_most_left_comes_first() -> None:
    small, large = sending_task(1), sending_task(3)

    assert [task.id for task in snapshot.take().tasks] == [large.pk, small.pk]


def test_paused_tasks_are_open_and_finished_ones_are_not() -> None:
    paused = sending_task(1)
    lifecycle.pause(paused)
    sending_task(0)
    lifecycle.complete_finished()
    TaskFactory()

    assert [(task.id, task.status) for task in snapshot.take().tasks] == [(paused.pk, "paused")]


def test_tasks_are_counted_by_state() -> None:
    service, dispatcher = EmailServiceFactory(), DispatcherFactory()
    task = sending_task(2)
    held("allocated", dispatcher, service, task=task)
    held("sending", dispatcher, service, task=task)
    in_doubt(service, task=task)

    (reading,) = snapshot.take().tasks

    states = [reading.counts[state] for state in ("pending", "allocated", "sending")]
    assert (states, reading.counts.in_doubt) == ([2, 1, 1], 1)


def test_a_task_waits_since_its_first_subtask_could_have_been_sent() -> None:
    task = sending_task(2)
    since = timezone.now() - dt.timedelta(hours=1)
    SubTask.objects.filter(pk=task.subtasks.earliest("pk").pk).update(available_at=since)

    waiting = snapshot.take().oldest_waiting
    assert waiting is not None and waiting.waiting_since == since


def test_nothing_waits_that_may_not_be_sent_yet() -> None:
    sending_task(1)
    SubTask.objects.update(available_at=Now() + dt.timedelta(hours=1))

    assert snapshot.take().oldest_waiting is None


def test_the_oldest_in_flight_is_the_one_held_longest() -> None:
    service, dispatcher = EmailServiceFactory(), DispatcherFactory()
    now = timezone.now()
    held("allocated", dispatcher, service, allocated_at=now)
    since = now - dt.timedelta(minutes=2)
    oldest = held("sending", dispatcher, service, allocated_at=since, sending_at=since)

    found = queues.oldest_in_flight()
    assert found is not None

    assert (found.id, found.service_id, found.dispatcher_id, found.since) == (
        oldest.pk,
        service.pk,
        dispatcher.pk,
        since,
    )


def test_what_is_in_doubt_is_not_in_flight() -> None:
    in_doubt(EmailServiceFactory())

    assert queues.oldest_in_flight() is None


def test_launches_in_progress_are_those_that_have_not_finished() -> None:
    running = Launch.objects.create(task=TaskFactory(status="queued"), walked=5, audience_size=10)
    Launch.objects.create(task=SendingTaskFactory(), finished_at=Now())

    assert list(queues.launches()) == [running]


def test_background_work_is_waiting_or_taken() -> None:
    OrmQ.objects.create(key="edm", payload="1", lock=Now() - dt.timedelta(seconds=1))
    OrmQ.objects.create(key="edm", payload="2", lock=Now() + dt.timedelta(seconds=60))
    OrmQ.objects.create(key="edm", payload="3", lock=Now() + dt.timedelta(seconds=60))

    assert queues.background_work() == queues.BackgroundWork(waiting=1, taken=2)


def test_a_dispatcher_is_alive_as_long_as_its_lease_holds() -> None:
    alive = living_dispatcher()
    DispatcherFactory(heartbeat_at=Now() - dt.timedelta(seconds=11))

    now = snapshot.take()

    assert [each.id for each in now.alive] == [alive.pk]
    assert len(now.counts.dispatchers) == 2


def test_transactions_of_other_sessions_are_seen() -> None:
    wait_until_others_are_gone()
    with second_connection() as other, other.cursor() as cursor:
        other.set_autocommit(False)
        cursor.execute("SELECT 1")
        seen = database.transactions()
        other.rollback()

    assert (seen.open, seen.idle) == (1, 1)
    assert seen.longest_seconds >= seen.longest_idle_seconds >= 0
    assert seen.max_connections > seen.connections >= 2


def test_no_transaction_of_others_is_open() -> None:
    wait_until_others_are_gone()
    seen = database.transactions()

    assert (seen.open, seen.longest_seconds) == (0, 0)


def test_every_hot_table_exists() -> None:
    assert {table.name for table in database.hot_tables()} == set(database.HOT_TABLES)


@pytest.mark.django_db(transaction=True)
def test_dead_rows_are_those_that_were_deleted_and_not_cleaned_up() -> None:
    OrmQ.objects.bulk_create(OrmQ(key="edm", payload=str(n)) for n in range(20))
    OrmQ.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")

    tables = {table.name: table for table in database.hot_tables()}

    assert tables["django_q_ormq"].dead_rows >= 20


def test_times_are_by_the_database_clock_and_never_negative() -> None:
    now = snapshot.take()

    assert now.seconds_since(now.at + dt.timedelta(seconds=5)) == 0
    assert activity.read_counts().at >= now.at
