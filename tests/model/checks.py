"""What must hold after every step, whoever did what."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Sum

from campaigns.models import SubTaskStatus, Task
from campaigns.state.states import NEXT
from dispatch.audit import audit
from dispatch.models import ConnectionShare, Pace
from tests.model import laboratory
from tests.model.outside import quota_day

if TYPE_CHECKING:
    from tests.model.world import World

OPEN_TRANSACTIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
  AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
"""


class Broken(AssertionError):
    """A guarantee does not hold."""


def outside(world: World) -> Iterator[str]:
    """The guarantees that do not hold by what has left the house and what dispatchers mean to do,
    in sentences.
    """
    yield from world.outside.broken()
    yield from _held_twice(world)
    yield from _uncharged(world)


def inside(world: World) -> Iterator[str]:
    """The guarantees that do not hold by what the database says, in sentences."""
    yield from _audited()
    yield from _moves_beside_the_table()
    yield from _too_many_connections(world)
    yield from _tasks_elsewhere(world)


def transaction_is_open() -> bool:
    """Whether any session of the database is in a transaction."""
    if connection.in_atomic_block:
        return True
    with connection.cursor() as cursor:
        cursor.execute(OPEN_TRANSACTIONS)
        return bool(cursor.fetchone()[0])


def _audited() -> Iterator[str]:
    """What the product's own audit finds, but for fairness: it takes a task that nobody sent for a
    while, because nothing ran or it was paused, for one that was passed over. The model judges
    every grant instead (`tests.model.ticking`).
    """
    for result in audit():
        if result.guarantee != "6 fair":
            yield from result.offenders


def _moves_beside_the_table() -> Iterator[str]:
    for subtask_id, before, after, *_ in laboratory.moves():
        if after != before and SubTaskStatus(after) not in NEXT[SubTaskStatus(before)]:
            yield f"SubTask {subtask_id} went from {before} to {after}"


def _held_twice(world: World) -> Iterator[str]:
    """Only one dispatcher whose lease holds may mean to hand over a SubTask."""
    hands = [
        {delivery.claim.id for delivery in puppet.in_its_hands}
        for puppet in world.puppets
        if puppet.lease_is_fresh
    ]
    for one, other in itertools.combinations(hands, 2):
        if both := one & other:
            yield f"two dispatchers have SubTasks {both} in their hands"


def _uncharged(world: World) -> Iterator[str]:
    """What was begun in the current period of a quota has been charged to it, from the beginning."""
    for pace in Pace.objects.select_related("service"):
        if pace.quota_period_start is None:
            continue
        day = quota_day(pace.quota_period_start, pace.service.limits)
        used = world.outside.used(pace.pk, day)
        if used > pace.quota_used:
            yield f"service {pace.pk} began {used} messages and charged {pace.quota_used}"


def _too_many_connections(world: World) -> Iterator[str]:
    shares = ConnectionShare.objects.values_list("service").annotate(Sum("connections")).order_by()
    most = {service.pk: service.max_connections for service in world.services}
    for service_id, connections in shares:
        if connections > most[service_id]:
            yield f"service {service_id} may have {connections} connections"


def _tasks_elsewhere(world: World) -> Iterator[str]:
    for task_id, status in Task.objects.values_list("pk", "status"):
        if status != world.statuses[task_id]:
            yield f"task {task_id} is {status}, it should be {world.statuses[task_id]}"
