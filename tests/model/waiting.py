"""What is said of why something waits comes true: the next hand-over begins when it was said to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from campaigns.models import Task
from dispatch.claiming.deliveries import Delivery
from dispatch.pace.slots import LOOKAHEAD
from dispatch.waiting.why import why
from tests.model.checks import Broken
from tests.model.hand_overs import ENDS
from tests.model.world import World

ROUNDS = 30
LATE = dt.timedelta(seconds=1.5)
"""Until so long after a moment a dispatcher has noticed that it has come."""
STEP_SECONDS = 0.25
A_WHILE_SECONDS = 700.0


def what_is_said_comes_true(world: World) -> None:
    """Let all that can be sent now be sent; then ask when the next message can be. Raises Broken
    when one begins before that, or none does then.
    """
    world.look_for_the_killed()
    world.recover()
    if not world.puppets:
        world.join()
    if not _come_to_rest(world) or any(row.in_doubt for row in world.rows.values()):
        return
    said = [why(task).next_at for task in Task.objects.all()]
    soonest = min((at for at in said if at is not None), default=None)
    if soonest is None:
        _nothing_begins(world, A_WHILE_SECONDS)
        return
    _nothing_begins(world, (soonest - LOOKAHEAD - world.clock.now).total_seconds() - 0.001)
    _one_begins(world, soonest)


def _come_to_rest(world: World) -> bool:
    """Whether there is nothing left to be sent now."""
    return any(not list(_granted(world)) for _ in range(ROUNDS))


def _granted(world: World) -> Iterable[Delivery]:
    """Every dispatcher ticks and hands over what it has; returns what was granted, or had been."""
    for puppet in list(world.puppets):
        world.tick(puppet)
        yield from puppet.granted
        for delivery in list(puppet.waiting):
            world.start(puppet, delivery)
        for delivery in list(puppet.begun):
            world.report(puppet, delivery, ENDS["accepted"])
            yield delivery
        yield from puppet.in_its_hands


def _nothing_begins(world: World, seconds: float) -> None:
    if seconds <= 0:
        return
    world.rest(seconds)
    if granted := list(_granted(world)):
        raise Broken(f"{granted[0]} was granted before anything could be, or never")


def _one_begins(world: World, soonest: dt.datetime) -> None:
    last = soonest + LATE
    while world.clock.now <= last:
        if granted := list(_granted(world)):
            first = min(delivery.slot for delivery in granted)
            if not soonest <= first <= last:
                raise Broken(f"the next hand-over begins at {first}, not at {soonest}")
            return
        world.stall(STEP_SECONDS)
    raise Broken(f"nothing was granted at {soonest}")
