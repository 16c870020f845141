from __future__ import annotations

import datetime as dt
import time
import uuid

import pytest
from django.db import connection
from django.db.models.functions import Now

from dispatch.claiming import leases
from dispatch.claiming.leases import EnoughDispatchers, LeaseLost
from dispatch.clock import DatabaseClock
from dispatch.lease_terms import LEASE_SECONDS
from dispatch.models import ConnectionShare, Dispatcher
from tests.concurrency import run_together
from tests.factories import DispatcherFactory, EmailServiceFactory

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def age(dispatcher: Dispatcher) -> dt.timedelta:
    """Of its heartbeat, by the database clock."""
    now: dt.datetime = Dispatcher.objects.values_list(Now(), flat=True)[0]
    return now - dispatcher.heartbeat_at


class TestRegistering:
    def test_a_new_dispatcher_is_alive_from_the_beginning(self) -> None:
        row = Dispatcher.objects.get(pk=leases.register(uuid.uuid4(), 1))
        assert row.ended_at is None
        assert age(row) < dt.timedelta(seconds=LEASE_SECONDS)

    def test_a_cluster_runs_no_more_than_it_is_to(self) -> None:
        cluster = uuid.uuid4()
        leases.register(cluster, 2)
        leases.register(cluster, 2)
        with pytest.raises(EnoughDispatchers):
            leases.register(cluster, 2)

    def test_one_that_has_ended_makes_room_for_another(self) -> None:
        cluster = uuid.uuid4()
        leases.end(leases.register(cluster, 1), {})
        assert leases.register(cluster, 1)

    def test_every_cluster_counts_its_own(self) -> None:
        assert leases.register(uuid.uuid4(), 1) != leases.register(uuid.uuid4(), 1)

    @pytest.mark.django_db(transaction=True)
    def test_of_several_that_start_at_the_same_moment_only_so_many_are_registered(self) -> None:
        cluster = uuid.uuid4()

        def register() -> bool:
            try:
                return bool(leases.register(cluster, 1))
            except EnoughDispatchers:
                return False

        assert sorted(run_together(*[register] * 4)) == [False, False, False, True]


class TestBeating:
    def test_a_heartbeat_renews_the_lease(self) -> None:
        row = DispatcherFactory(heartbeat_at=Now() - HOUR)
        leases.beat(row.pk, {})
        row.refresh_from_db()
        assert age(row) < dt.timedelta(seconds=LEASE_SECONDS)

    def test_it_says_what_was_done_so_far(self) -> None:
        row = DispatcherFactory()
        leases.beat(row.pk, {"claimed": 7})
        leases.beat(row.pk, None)  # nothing to say this time
        row.refresh_from_db()
        assert row.figures == {"claimed": 7}

    def test_it_tells_the_databases_time(self) -> None:
        row = DispatcherFactory()
        clock = leases.beat(row.pk, {})
        row.refresh_from_db()
        assert clock.reading == row.heartbeat_at
        assert clock.asked <= clock.answered <= time.monotonic()

    def test_the_clock_of_the_host_does_not_matter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        row = DispatcherFactory()
        monkeypatch.setattr(time, "time", lambda: 0.0)
        leases.beat(row.pk, {})
        row.refresh_from_db()
        assert age(row) < dt.timedelta(seconds=LEASE_SECONDS)

    def test_one_that_was_declared_dead_is_told_and_does_not_come_back(self) -> None:
        row = DispatcherFactory(heartbeat_at=Now() - HOUR, ended_at=Now())
        with pytest.raises(LeaseLost):
            leases.beat(row.pk, {})
        row.refresh_from_db()
        assert age(row) >= HOUR

    def test_one_that_is_not_known_any_more_has_no_lease(self) -> None:
        with pytest.raises(LeaseLost):
            leases.beat(-1, {})

    def test_hand_overs_end_before_anybody_else_takes_over(self) -> None:
        """From before the database was asked, so that a slow answer shortens the lease instead of stretching it."""
        asked = 1000.0
        clock = DatabaseClock(dt.datetime(2026, 3, 1, tzinfo=dt.UTC), asked, asked + 5)
        assert leases.valid_until(clock) == asked + 10 - 2  # the lease, and a margin

    def test_a_heartbeat_is_no_transaction_of_its_own(self) -> None:
        row = DispatcherFactory(heartbeat_at=Now() - HOUR)
        savepoint = connection.savepoint()
        leases.beat(row.pk, {})
        assert savepoint is not None
        connection.savepoint_rollback(savepoint)
        row.refresh_from_db()
        assert age(row) >= HOUR


class TestEnding:
    def test_who_signs_off_has_ended_and_holds_no_connection(self) -> None:
        row, other = DispatcherFactory.create_batch(2)
        service = EmailServiceFactory()
        for each in (row, other):
            ConnectionShare.objects.create(service=service, dispatcher=each, connections=1)
        leases.end(row.pk, {"claimed": 7})
        row.refresh_from_db()
        assert (row.ended_at is not None, row.figures) == (True, {"claimed": 7})
        assert [share.dispatcher_id for share in ConnectionShare.objects.all()] == [other.pk]

    def test_the_time_of_the_end_is_written_once(self) -> None:
        row = DispatcherFactory(ended_at=Now() - HOUR)
        leases.end(row.pk, {})
        assert Dispatcher.objects.filter(pk=row.pk, ended_at__lte=Now() - HOUR).exists()
