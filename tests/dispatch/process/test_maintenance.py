from __future__ import annotations

import datetime as dt
import queue
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.models.functions import Now

from campaigns.models import SubTask, SubTaskStatus, Task
from dispatch.models import Dispatcher, Turn
from dispatch.process import maintenance
from dispatch.process.maintenance import (
    ADVISORY_LOCK,
    MaintenanceLoop,
    Rests,
    prune,
    run_maintenance,
)
from dispatch.process.pulse import Pulse
from tests.concurrency import second_connection
from tests.factories import (
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    held,
)

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def broken() -> None:
    raise ValueError("one row is not as it should be")


def refused() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


def test_everything_that_is_due_is_done() -> None:
    service = EmailServiceFactory()
    dead = DispatcherFactory(heartbeat_at=Now() - DAY)
    reserved = held(SubTaskStatus.ALLOCATED, dead, service)
    cancelled = SubTaskFactory(task__status="cancelled")
    finished = SendingTaskFactory()

    assert run_maintenance()

    assert SubTask.objects.get(pk=reserved.pk).status == SubTaskStatus.PENDING
    assert SubTask.objects.get(pk=cancelled.pk).failure_reason == "cancelled"
    assert Task.objects.get(pk=finished.pk).status == "completed"


def test_a_chore_that_fails_does_not_keep_the_others_from_being_done(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    dead = DispatcherFactory(heartbeat_at=Now() - DAY)
    monkeypatch.setattr(maintenance, "CHORES", (broken, *maintenance.CHORES))

    assert run_maintenance()

    assert Dispatcher.objects.get(pk=dead.pk).ended_at is not None
    assert "broken failed" in caplog.text


@pytest.mark.django_db(transaction=True)
class TestTheLock:
    def is_free(self) -> bool:
        with second_connection() as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
            return bool(cursor.fetchone()[0])

    def test_it_has_one_leader_at_a_time(self) -> None:
        finished = SendingTaskFactory()
        with second_connection() as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
            assert not run_maintenance()
        assert Task.objects.get(pk=finished.pk).status == "sending"

    @pytest.mark.parametrize("chore", [lambda: None, broken, refused])
    def test_it_is_free_again_whatever_happened(
        self, monkeypatch: pytest.MonkeyPatch, chore: Callable[[], Any]
    ) -> None:
        monkeypatch.setattr(maintenance, "CHORES", (chore,))
        assert run_maintenance()
        assert self.is_free()

    def test_it_is_free_again_when_the_connection_was_lost(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lose_the_connection() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        monkeypatch.setattr(maintenance, "CHORES", (lose_the_connection,))
        with pytest.raises(DatabaseError):
            run_maintenance()
        connection.close()
        assert self.is_free()


class TestPruning:
    def test_dispatchers_that_ended_long_ago_are_forgotten(self) -> None:
        DispatcherFactory(ended_at=Now() - 8 * DAY, counted=True)
        kept = [
            DispatcherFactory(ended_at=Now() - 8 * DAY),  # its figures are not in the total yet
            DispatcherFactory(ended_at=Now() - 6 * DAY, counted=True),
            DispatcherFactory(heartbeat_at=Now() - 8 * DAY),
        ]
        prune()
        assert set(Dispatcher.objects.values_list("pk", flat=True)) == {row.pk for row in kept}

    def test_turns_that_were_taken_long_ago_are_forgotten(self) -> None:
        service = EmailServiceFactory()
        Turn.objects.create(service=service, task_id=1, served_at=Now() - 8 * DAY)
        Turn.objects.create(service=service, task_id=2, served_at=Now() - 6 * DAY)
        prune()
        assert list(Turn.objects.values_list("task_id", flat=True)) == [2]


@pytest.mark.django_db(transaction=True)
class TestTheMaintenanceLoop:
    @pytest.fixture(autouse=True)
    def often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(maintenance, "EVERY_SECONDS", 0.01)
        monkeypatch.setattr(maintenance, "AFTER_FAILURE_SECONDS", 0.01)

    def test_it_runs_until_it_is_stopped_and_holds_nothing_up(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done = threading.Semaphore(0)
        monkeypatch.setattr(maintenance, "CHORES", (done.release,))
        maintenance_loop, thread = started()
        for _ in range(3):
            assert done.acquire(timeout=60)

        maintenance_loop.stop()
        thread.join(10)
        assert not thread.is_alive()

    def test_it_goes_on_with_a_new_connection_when_it_lost_its_own(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done = threading.Semaphore(0)
        lost = threading.Event()

        def lose_the_connection_once() -> None:
            if not lost.is_set():
                lost.set()
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            done.release()

        monkeypatch.setattr(maintenance, "CHORES", (lose_the_connection_once,))
        maintenance_loop, thread = started()
        try:
            assert done.acquire(timeout=60)
        finally:
            maintenance_loop.stop()
            thread.join(10)

    def test_it_shows_which_chore_it_is_at(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pulse = Pulse()
        seen: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        chores = [lambda: seen.put(pulse.doing), lambda: seen.put(pulse.doing)]
        monkeypatch.setattr(maintenance, "CHORES", chores)
        maintenance_loop, thread = started(pulse=pulse)
        assert [seen.get(timeout=60), seen.get(timeout=60)] == [1, 2]

        maintenance_loop.stop()
        thread.join(10)

    def test_a_chore_that_ended_its_process_twice_rests_and_the_others_are_done(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done = threading.Semaphore(0)
        monkeypatch.setattr(maintenance, "CHORES", (broken, done.release))
        rests = Rests()
        rests.blame(1)
        assert not rests.is_resting(1)
        rests.blame(1)
        assert rests.is_resting(1) and not rests.is_resting(2)

        maintenance_loop, thread = started(rests=rests)
        assert done.acquire(timeout=60)
        maintenance_loop.stop()
        thread.join(10)

    def test_chores_that_ended_their_process_one_after_the_other_do_not_rest(self) -> None:
        rests = Rests()
        for number in (1, 2, 0, 1):
            rests.blame(number)
        assert not any(rests.is_resting(number) for number in (0, 1, 2))


def started(**options: Any) -> tuple[MaintenanceLoop, threading.Thread]:
    maintenance_loop = MaintenanceLoop(**options)
    thread = threading.Thread(target=maintenance_loop.run)
    thread.start()
    return maintenance_loop, thread
