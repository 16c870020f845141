"""Doing things at the same time, deterministically: threads with connections of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

T = TypeVar("T")
PATIENCE_SECONDS = 60.0


@contextmanager
def second_connection() -> Iterator[BaseDatabaseWrapper]:
    """Another session on the same database, for SQL that is to be in progress meanwhile."""
    other = connection.copy()
    try:
        yield other
    finally:
        other.close()


def run_together(*functions: Callable[[], T]) -> list[T]:
    """Run all at the same time, each in a thread; returns their results, raises what they raise."""
    start = threading.Barrier(len(functions))

    def run(function: Callable[[], T]) -> T:
        start.wait(PATIENCE_SECONDS)
        return _and_disconnect(function)

    with ThreadPoolExecutor(len(functions)) as pool:
        return [future.result() for future in [pool.submit(run, each) for each in functions]]


@contextmanager
def running(function: Callable[[], T]) -> Iterator[Future[T]]:
    """Run in a thread while the block goes on; ask the future for its result."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(_and_disconnect, function)


def wait_until_somebody_waits_for_a_lock() -> None:
    """Return when a session of this database is held up by another one's lock."""
    _wait_for("wait_event_type = 'Lock'", lambda count: count > 0, "nobody waited for a lock")


def wait_until_others_are_gone() -> None:
    """Return when no other session of this database has a transaction open; one of the test before
    may end a moment after it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (mine,) = cursor.fetchone()
    others = f"xact_start IS NOT NULL AND pid NOT IN ({mine}, pg_backend_pid())"
    _wait_for(others, lambda count: count == 0, "a transaction of somebody else stayed open")


def _wait_for(condition: str, is_so: Callable[[int], bool], otherwise: str) -> None:
    """Count the sessions of this database for which an SQL condition holds, again and again."""
    sql = f"""
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND {condition}
    """
    tick = threading.Event()
    with second_connection() as other, other.cursor() as cursor:
        for _ in range(int(PATIENCE_SECONDS / 0.01)):
            cursor.execute(sql)
            if is_so(cursor.fetchone()[0]):
                return
            tick.wait(0.01)
    raise AssertionError(otherwise)


def _and_disconnect(function: Callable[[], T]) -> T:
    try:
        return function()
    finally:
        connection.close()
