"""The end of every story: when all is opened up and time goes on, everything comes to its end."""

from __future__ import annotations

from dispatch.models import DecisionChoice
from tests.model.checks import Broken
from tests.model.hand_overs import ENDS
from tests.model.puppets import Puppet
from tests.model.rows import SubTaskRow
from tests.model.staff import OPEN, Staff
from tests.model.world import World

ROUNDS = 30
A_REST_SECONDS = 700.0
"""Longer than any SubTask waits for its next try, or any service for its next slot."""


def run_out(world: World) -> None:
    """Let the dispatchers that live do all that is left; raises Broken if something never ends."""
    staff = Staff(world)
    for service in world.services:
        staff.change(service, enabled=True, daily_quota=None, sending_interval=0)
        staff.unfreeze(service)
    for task in world.tasks:
        if world.statuses[task.pk] == "paused":
            staff.resume(task)
    _expire_leases_of_the_dead(world)
    for _ in range(ROUNDS):
        if not any(_is_left(world, row) for row in world.rows.values()):
            break
        before = world.rows
        for puppet in list(world.puppets):
            _work(world, puppet)
        if world.rows == before:
            world.rest(A_REST_SECONDS)
        else:
            world.stall(0.45)
    staff.decide([row.id for row in world.rows.values() if row.in_doubt], DecisionChoice.WAS_SENT)
    staff.sweep()
    staff.complete()
    if stuck := [row for row in world.rows.values() if row.status in OPEN]:
        raise Broken(f"nothing moves these SubTasks on: {stuck}")
    if set(world.statuses.values()) - {"completed", "cancelled"}:
        raise Broken(f"there are tasks that never end: {world.statuses}")


def _is_left(world: World, row: SubTaskRow) -> bool:
    """Whether a dispatcher has to do something about it yet."""
    if row.status == "pending":
        return world.statuses[row.task_id] != "cancelled"
    return row.status in OPEN and not row.in_doubt


def _expire_leases_of_the_dead(world: World) -> None:
    for puppet in list(world.puppets):
        world.tick(puppet)
    world.rest(1)
    if not world.puppets:
        world.join()


def _work(world: World, puppet: Puppet) -> None:
    world.tick(puppet)
    for delivery in list(puppet.waiting):
        world.start(puppet, delivery)
    for delivery in list(puppet.begun):
        world.report(puppet, delivery, ENDS["accepted"])
    world.tick(puppet)  # which records what was reported, also what was not begun
