"""When a service may start its next message, and what keeps it until then.

Asked of the functions that grants go by, at one moment after another, so that the answer is what a
grant would be at that moment, as long as neither the service's limits nor its Pace row change.
While messages of it are on their way, `next_send_at` is padded (see `dispatch.pace.gate`), and the
answer is up to START_WINDOW late.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from dispatch.limits import Limits
from dispatch.models import Pace
from dispatch.pace import pace_rows


class Obstacle(StrEnum):
    """What keeps a service from starting a message."""

    UNFREEZING = "it is frozen until a person unfreezes it"
    FREEZE = "it is frozen for a while"
    NO_QUOTA = "its daily quota is 0"
    QUOTA = "its quota is used up until the next period"
    PACE = "its pace leaves time between two messages"


@dataclass(frozen=True, slots=True)
class Hold:
    """An obstacle, and until when it holds; None: until a person does something."""

    obstacle: Obstacle
    until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Opening:
    """When the next message may start; None while a person must do something before. `holds` are
    the obstacles until then, in their order."""

    at: dt.datetime | None
    holds: tuple[Hold, ...] = ()


def opening(pace: Pace, limits: Limits, since: dt.datetime) -> Opening:
    """The first moment, not before `since`, at which a message may start. Changes nothing."""
    at, holds = since, list[Hold]()
    while (hold := _hold(pace, limits, at)) is not None:
        holds.append(hold)
        if hold.until is None:
            return Opening(None, tuple(holds))
        at = hold.until
    return Opening(at, tuple(holds))


def start(pace: Pace, limits: Limits, at: dt.datetime) -> None:
    """Have a Pace row look as after a message that starts at `at`. Does not save it."""
    pace_rows.charge(pace, limits, at, 1)
    pace.next_send_at = limits.after(pace.next_send_at, at)


def _hold(pace: Pace, limits: Limits, at: dt.datetime) -> Hold | None:
    """What keeps it at this moment; each ends later than `at`."""
    if pace_rows.is_frozen(pace, at):
        if pace.needs_person:
            return Hold(Obstacle.UNFREEZING, None)
        return Hold(Obstacle.FREEZE, pace.frozen_until)
    if limits.daily_quota == 0:
        return Hold(Obstacle.NO_QUOTA, None)
    if pace_rows.quota_left(pace, limits, at) == 0:
        return Hold(Obstacle.QUOTA, limits.period(at)[1])
    if limits.interval and (slot := limits.earliest(pace.next_send_at)) > at:
        return Hold(Obstacle.PACE, slot)
    return None
