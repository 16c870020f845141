"""What can go wrong with the transaction of a tick, made to happen."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from unittest import mock

from django.db import OperationalError, transaction

from dispatch.engine import tick
from tests.concurrency import second_connection

REAL = tick.run


@contextmanager
def reply_lost(witness: Callable[[tick.TickResult], None]) -> Iterator[None]:
    """The tick is committed, but the dispatcher does not get to know; only the witness does."""

    def run(request: tick.TickRequest) -> tick.TickResult:
        witness(REAL(request))
        raise OperationalError("the connection was lost during COMMIT")

    yield from _next_tick(run)


@contextmanager
def rolled_back() -> Iterator[None]:
    """The tick does all its work and is then undone."""

    def run(request: tick.TickRequest) -> tick.TickResult:
        with transaction.atomic():
            REAL(request)
            raise OperationalError("deadlock detected")

    yield from _next_tick(run)


def _next_tick(run: Callable[[tick.TickRequest], tick.TickResult]) -> Iterator[None]:
    """Only the next tick runs so; those after it are as ever."""
    with mock.patch.object(tick, "run", side_effect=_first(run)):
        yield


def _first(
    run: Callable[[tick.TickRequest], tick.TickResult],
) -> Callable[[tick.TickRequest], tick.TickResult]:
    runs = itertools.chain([run], itertools.repeat(REAL))
    return lambda request: next(runs)(request)


@contextmanager
def others_hold(service_ids: Iterable[int], subtask_ids: Iterable[int]) -> Iterator[None]:
    """Another session has these Pace rows and pending SubTasks locked meanwhile."""
    with second_connection() as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        for table, key, ids in (
            ("dispatch_pace", "service_id", service_ids),
            ("campaigns_subtask", "id", subtask_ids),
        ):
            cursor.execute(
                f"SELECT 1 FROM {table} WHERE {key} = ANY(%s) ORDER BY {key} FOR NO KEY UPDATE",
                [list(ids)],
            )
        yield
        cursor.execute("ROLLBACK")
