"""Background work is tried a few times, with pauses, then set aside; whatever becomes of its process."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django_q.exceptions import TimeoutException
from django_q.models import OrmQ

from campaigns import background
from campaigns.models import BackgroundJob
from tests.concurrency import running

pytestmark = pytest.mark.django_db
CLUSTER = uuid.uuid4()
Work = Callable[[int], None]


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(background, "KINDS", dict(background.KINDS))
    monkeypatch.setattr(background, "GIVE_UP", dict(background.GIVE_UP))
    monkeypatch.setenv(background.CLUSTER_VARIABLE, str(CLUSTER))
    yield


def job(work: Work, attempts: int = 3) -> Work:
    return background.job("trying", seconds=60, attempts=attempts)(work)


def ask(about: int = 7) -> None:
    background.ask("trying", about, "somewhere.work", name=f"try {about}")


def row() -> BackgroundJob:
    return BackgroundJob.objects.get()


def make_due() -> None:
    BackgroundJob.objects.filter(started_at=None).update(next_try_at=Now())


def look_after(*living: uuid.UUID) -> None:
    background.look_after(living or (CLUSTER,))


def failing(about: int) -> None:
    raise ValueError("with a secret in it")


def try_and_fail(work: Work) -> None:
    make_due()
    with pytest.raises(ValueError, match="secret"):
        work(7)


class TestAsking:
    def test_wakes_a_worker(self) -> None:
        ask()
        queued = OrmQ.objects.get()
        assert (queued.task["func"], queued.task["args"]) == ("somewhere.work", (7,))

    def test_again_before_it_is_done_makes_no_second_job(self) -> None:
        ask()
        ask()
        assert BackgroundJob.objects.count() == 1

    def test_again_does_not_forget_how_often_it_failed(self) -> None:
        work = job(failing)
        ask()
        try_and_fail(work)
        ask()
        assert row().attempts == 1

    def test_for_what_was_set_aside_begins_anew(self) -> None:
        job(failing)
        ask()
        BackgroundJob.objects.update(attempts=3, set_aside_at=Now(), reason="It took too long.")
        ask()
        assert (row().attempts, row().set_aside_at, row().reason) == (0, None, "")

    def test_for_two_things_makes_two_jobs(self) -> None:
        ask(7)
        ask(8)
        assert BackgroundJob.objects.count() == OrmQ.objects.count() == 2


class TestDoing:
    def test_a_job_that_is_done_is_forgotten(self) -> None:
        done: list[int] = []
        work = job(done.append)
        ask()
        work(7)
        assert done == [7]
        assert not BackgroundJob.objects.exists()

    def test_what_was_not_asked_for_is_just_done(self) -> None:
        done: list[int] = []
        job(done.append)(7)
        assert done == [7]

    def test_the_attempt_is_counted_before_it_begins(self) -> None:
        seen: list[BackgroundJob] = []
        work = job(lambda about: seen.append(row()))
        ask()
        work(7)
        assert (seen[0].attempts, seen[0].cluster) == (1, CLUSTER)

    def test_a_second_worker_leaves_it_alone(self) -> None:
        done: list[int] = []

        def once(about: int) -> None:
            done.append(about)
            work(about)

        work = job(once)
        ask()
        work(7)
        assert done == [7]

    def test_asked_for_meanwhile_it_is_done_again(self) -> None:
        work = job(lambda about: ask())
        ask()
        OrmQ.objects.all().delete()
        work(7)
        assert (row().attempts, row().started_at) == (0, None)
        assert OrmQ.objects.count() == 1


class TestFailing:
    def test_the_reason_names_no_secrets(self) -> None:
        ask()
        try_and_fail(job(failing))
        assert row().reason == ("It failed unexpectedly; the cluster's log says more.")

    def test_each_pause_is_longer(self) -> None:
        work = job(failing)
        ask()
        pauses = []
        for _ in range(2):
            try_and_fail(work)
            (pause,) = BackgroundJob.objects.values_list(F("next_try_at") - Now(), flat=True)
            pauses.append(round(pause.total_seconds()))
        assert pauses == [10, 60]

    def test_it_is_not_tried_within_the_pause(self) -> None:
        tries: list[int] = []

        def fail(about: int) -> None:
            tries.append(about)
            failing(about)

        work = job(fail)
        ask()
        with pytest.raises(ValueError, match="secret"):
            work(7)
        work(7)
        assert tries == [7]

    def test_one_that_takes_too_long_says_so_and_ends_the_worker(self) -> None:
        def hang(about: int) -> None:
            raise TimeoutException("Task exceeded maximum timeout value")

        work = job(hang)
        ask()
        with pytest.raises(TimeoutException):
            work(7)
        assert row().reason == "It took too long."

    def test_a_database_that_went_away_does_not_count(self) -> None:
        def lose_the_connection(about: int) -> None:
            raise OperationalError("the connection is closed")

        work = job(lose_the_connection)
        ask()
        with pytest.raises(OperationalError):
            work(7)
        assert (row().attempts, row().started_at) == (0, None)

    def test_a_statement_that_takes_too_long_counts(self) -> None:
        def wait(about: int) -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 1")
                cursor.execute("SELECT pg_sleep(10)")

        work = job(wait)
        ask()
        with pytest.raises(OperationalError):
            work(7)
        assert row().attempts == 1


class TestLookingAfter:
    def test_one_that_was_tried_often_enough_is_set_aside_once(self) -> None:
        given_up: list[str] = []

        def give_up(job: BackgroundJob) -> bool:
            given_up.append(job.reason)
            return True

        background.when_given_up("trying")(give_up)
        work = job(failing)
        ask()
        for _ in range(3):
            try_and_fail(work)
            look_after()
        make_due()
        look_after()
        work(7)
        assert given_up == [row().reason]
        assert row().set_aside_at is not None

    def test_saying_so_may_take_several_calls(self) -> None:
        answers = iter([False, False, True])
        background.when_given_up("trying")(lambda job: next(answers))
        work = job(failing, attempts=1)
        ask()
        try_and_fail(work)
        set_aside = []
        for _ in range(3):
            look_after()
            set_aside.append(row().set_aside_at is not None)
        assert set_aside == [False, False, True]

    def test_a_worker_is_woken_for_the_next_attempt_once_it_is_due(self) -> None:
        ask()
        try_and_fail(job(failing))
        OrmQ.objects.all().delete()
        look_after()
        assert OrmQ.objects.count() == 0
        make_due()
        BackgroundJob.objects.update(queued_at=Now() - dt.timedelta(seconds=1))
        look_after()
        look_after()
        assert OrmQ.objects.count() == 1

    def test_a_worker_that_was_woken_and_does_not_come_is_woken_again(self) -> None:
        ask()
        long_ago = Now() - dt.timedelta(seconds=11)
        BackgroundJob.objects.update(queued_at=long_ago, next_try_at=long_ago)
        OrmQ.objects.all().delete()
        look_after()
        assert OrmQ.objects.count() == 1

    def test_while_all_workers_are_busy_they_are_not_woken_again(self) -> None:
        ask()
        long_ago = Now() - dt.timedelta(seconds=11)
        BackgroundJob.objects.update(queued_at=long_ago, next_try_at=long_ago)
        look_after()
        assert OrmQ.objects.count() == 1

    def started(self, **values: Any) -> None:
        ask()
        BackgroundJob.objects.update(
            **{
                "attempts": 1,
                "started_at": Now(),
                "token": uuid.uuid4(),
                "cluster": CLUSTER,
                "pid": 4711,
                "next_try_at": Now() + dt.timedelta(seconds=90),
                **values,
            }
        )

    def test_one_whose_process_is_gone_has_failed(self) -> None:
        self.started()
        background.end_gone(CLUSTER, lambda pid: pid != 4711)
        assert (row().started_at, row().reason) == (None, background.KILLED)

    def test_one_whose_process_lives_goes_on(self) -> None:
        self.started()
        background.end_gone(CLUSTER, lambda pid: pid == 4711)
        background.end_gone(uuid.uuid4(), lambda pid: False)
        look_after()
        assert row().started_at is not None

    def test_one_whose_cluster_is_gone_has_failed(self) -> None:
        self.started(started_at=Now() - dt.timedelta(seconds=16))
        look_after(uuid.uuid4())
        assert (row().started_at, row().reason) == (None, background.KILLED)

    def test_one_that_overran_its_time_has_failed(self) -> None:
        self.started(next_try_at=Now() - dt.timedelta(seconds=1))
        look_after()
        assert (row().started_at, row().reason) == (None, "It took too long.")

    def test_one_whose_cluster_is_stopped_is_done_by_another_and_that_does_not_count(self) -> None:
        self.started()
        background.interrupt(CLUSTER)
        assert (row().attempts, row().started_at) == (0, None)

    def test_an_attempt_that_is_over_writes_nothing(self) -> None:
        def overrun(about: int) -> None:
            BackgroundJob.objects.update(next_try_at=Now() - dt.timedelta(seconds=1))
            look_after()

        ask()
        job(overrun)(7)
        assert (row().attempts, row().reason) == (1, "It took too long.")

    def test_what_was_set_aside_long_ago_is_forgotten(self) -> None:
        ask()
        BackgroundJob.objects.update(set_aside_at=Now() - dt.timedelta(days=8))
        look_after()
        assert not BackgroundJob.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_while_one_worker_is_at_it_another_leaves_it_alone() -> None:
    done: list[int] = []
    started, may_end = threading.Event(), threading.Event()

    def take_long(about: int) -> None:
        done.append(about)
        started.set()
        assert may_end.wait(10)

    work = job(take_long)
    ask()
    with running(lambda: work(7)):
        assert started.wait(10)
        work(7)
        may_end.set()
    assert done == [7]
