"""What takes SubTasks locks the rows themselves, in one order, and nothing that refers to them or
that they refer to.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet
from django.db.models.functions import Now

from campaigns.models import SubTask, SubTaskStatus, Suppression, Task
from campaigns.state import states
from dispatch.claiming import claims
from tests.concurrency import running, second_connection, wait_until_somebody_waits_for_a_lock
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)
S = SubTaskStatus
DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
Take = Callable[[Task, list[int]], list[int]]


def named(ids: list[int]) -> QuerySet[SubTask]:
    return SubTask.objects.filter(pk__in=ids)


def claim(task: Task, ids: list[int]) -> list[int]:
    return [found.id for found in claims.lock_claimable(task.pk, len(ids))]


def repeat(task: Task, ids: list[int]) -> list[int]:
    service_id = SubTask.objects.get(pk=ids[0]).service_id
    assert service_id is not None
    return [found.id for found in claims.repeat(service_id, DAY, len(ids), uuid.uuid4(), 7)]


def cancel(task: Task, ids: list[int]) -> list[int]:
    states.cancel(task.pk, len(ids))
    return list(named(ids).filter(status="failed").order_by("pk").values_list("pk", flat=True))


def release(task: Task, ids: list[int]) -> list[int]:
    return [row.id for row in states.release(named(ids))]


def doubt(task: Task, ids: list[int]) -> list[int]:
    return [row.id for row in states.doubt(named(ids))]


def retry(task: Task, ids: list[int]) -> list[int]:
    return states.retry(ids)


def give_up(task: Task, ids: list[int]) -> list[int]:
    return states.resolve_doubt(ids, S.FAILED)


TAKES: dict[str, tuple[Take, str]] = {
    "claim": (claim, "pending"),
    "cancel": (cancel, "pending"),
    "repeat": (repeat, "in doubt"),
    "release": (release, "allocated"),
    "doubt": (doubt, "sending"),
    "retry": (retry, "failed"),
    "give up": (give_up, "in doubt"),
}
PASSING_OVER = ["claim", "cancel", "repeat"]
WAITING = ["release", "doubt", "retry", "give up"]
OVER = {
    "release": "status = 'pending', service_id = NULL, claim_token = NULL, dispatcher_id = NULL",
    "doubt": "status = 'sent', claim_token = NULL, dispatcher_id = NULL",
    "retry": "status = 'pending', service_id = NULL, failure_reason = ''",
    "give up": "status = 'sent', claim_token = NULL, in_doubt_since = NULL",
}
"""How somebody else settles the row in the meantime."""


@pytest.fixture
def task() -> Task:
    return SendingTaskFactory()


def rows(task: Task, state: str, messages: int = 2) -> list[int]:
    """SubTasks in this state, later written in the reverse order of their ids, which is the order
    that a plan without a sort comes upon them in.
    """
    values: dict[str, Any] = {"status": "sending" if state == "in doubt" else state}
    if state not in ("pending", "failed"):
        values["service"] = EmailServiceFactory(connection_changed_at=Now() - DAY)
    if state in ("allocated", "sending"):
        values |= {"dispatcher_id": DispatcherFactory().pk, "claim_token": uuid.uuid4()}
    if state == "in doubt":
        values |= {"claim_token": uuid.uuid4(), "in_doubt_since": Now() - MINUTE}
    if state in ("sending", "in doubt"):
        values["sending_at"] = Now() - 2 * MINUTE
    if state == "failed":
        values["failure_reason"] = "invalid"
    made = SubTaskFactory.create_batch(
        messages, task=task, content=ContentFactory(task=task), **values
    )
    for row in reversed(made):
        SubTask.objects.filter(pk=row.pk).update(error="written again")
    return [row.pk for row in made]


@contextmanager
def another_session() -> Iterator[CursorWrapper]:
    with second_connection() as other, other.cursor() as cursor:
        cursor.execute("SET lock_timeout = '10s'")
        cursor.execute("BEGIN")
        yield cursor
        cursor.execute("ROLLBACK")


@contextmanager
def no_patience() -> Iterator[None]:
    """What waits for a lock fails."""
    with transaction.atomic():
        from_this = transaction.get_connection()
        with from_this.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
        yield


@pytest.mark.parametrize("how", TAKES)
def test_a_row_that_another_one_refers_to_is_taken_nevertheless(task: Task, how: str) -> None:
    take, state = TAKES[how]
    ids = rows(task, state)
    with another_session() as other:
        other.execute("SELECT 1 FROM campaigns_subtask WHERE id = ANY(%s) FOR KEY SHARE", [ids])
        with no_patience():
            assert take(task, ids) == ids


@pytest.mark.parametrize("how", TAKES)
def test_what_it_refers_to_may_be_locked(task: Task, how: str) -> None:
    take, state = TAKES[how]
    ids = rows(task, state)
    with another_session() as other:
        other.execute("SELECT 1 FROM campaigns_task FOR NO KEY UPDATE")
        other.execute("SELECT 1 FROM dispatch_emailservice FOR NO KEY UPDATE")
        with no_patience():
            assert take(task, ids) == ids


@pytest.mark.parametrize("how", PASSING_OVER)
def test_what_somebody_else_holds_is_passed_over_and_not_waited_for(task: Task, how: str) -> None:
    take, state = TAKES[how]
    ids = rows(task, state)
    with another_session() as other:
        other.execute("SELECT 1 FROM campaigns_subtask WHERE id = %s FOR UPDATE", [ids[0]])
        with no_patience():
            assert take(task, ids) == ids[1:]


@pytest.mark.parametrize("how", ["claim", "repeat"])
def test_no_more_rows_are_locked_than_are_taken(task: Task, how: str) -> None:
    take, state = TAKES[how]
    ids = rows(task, state, 3)
    with another_session() as other, transaction.atomic():
        assert take(task, ids[:2]) == ids[:2]
        other.execute(
            "SELECT id FROM campaigns_subtask WHERE id = ANY(%s) FOR UPDATE SKIP LOCKED", [ids]
        )
        assert other.fetchall() == [(ids[2],)]


def test_a_repeat_takes_the_next_one_in_the_place_of_one_that_is_suppressed(task: Task) -> None:
    ids = rows(task, "in doubt", 3)
    Suppression.objects.create(email=SubTask.objects.get(pk=ids[0]).recipient_email)
    with transaction.atomic():
        assert repeat(task, ids[:1]) == [ids[1]]
    assert SubTask.objects.in_doubt().filter(pk=ids[0]).exists()


@pytest.mark.parametrize("how", WAITING)
def test_what_somebody_else_settles_meanwhile_is_left_as_it_is(task: Task, how: str) -> None:
    take, state = TAKES[how]
    ids = rows(task, state)
    with another_session() as other:
        other.execute(f"UPDATE campaigns_subtask SET {OVER[how]} WHERE id = %s", [ids[0]])
        with running(lambda: in_transaction(take, task, ids)) as taken:
            wait_until_somebody_waits_for_a_lock()
            other.execute("COMMIT")
            assert taken.result(10) == ids[1:]
    assert SubTask.objects.get(pk=ids[0]).status in OVER[how]


@pytest.mark.parametrize("how", WAITING)
def test_rows_are_locked_in_the_order_of_their_ids(task: Task, how: str) -> None:
    """Two that take the same rows wait for each other, and never both."""
    take, state = TAKES[how]
    first, second = ids = rows(task, state)
    with another_session() as other:
        other.execute("SELECT 1 FROM campaigns_subtask WHERE id = %s FOR UPDATE", [second])
        with running(lambda: in_transaction(take, task, ids)) as taken:
            wait_until_somebody_waits_for_a_lock()
            other.execute(
                "SELECT id FROM campaigns_subtask WHERE id = %s FOR UPDATE SKIP LOCKED", [first]
            )
            assert other.fetchall() == []
            other.execute("COMMIT")
            assert taken.result(10) == ids


def in_transaction(take: Take, task: Task, ids: list[int]) -> list[int]:
    with transaction.atomic():
        return take(task, ids)
