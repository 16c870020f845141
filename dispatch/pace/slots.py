"""When a service may start its next messages: slots of an even pace with a burst, within a daily
quota. Arithmetic only.
"""

from __future__ import annotations

import datetime as dt

from dispatch.limits import Limits

LOOKAHEAD = dt.timedelta(seconds=0.5)
"""How long before its slot a SubTask may be claimed, so that it is rendered when the slot comes."""

START_WINDOW = dt.timedelta(seconds=1)
"""How long after its slot a message may still start; then the slot is gone and the SubTask goes
back.
"""


def carried_over(
    next_send_at: dt.datetime, old: Limits, new: Limits, now: dt.datetime
) -> dt.datetime:
    """What `next_send_at` becomes when the limits change at `now`.

    It counts from the last start that there may be by the old limits; when the interval gets
    longer, with the burst used up. No message waits longer than the new limits ask for after a
    start that was granted by the old ones.
    """
    latest = now + LOOKAHEAD + START_WINDOW + new.burst * new.interval
    if new.interval > old.interval:
        if not old.interval:
            return latest
        next_send_at += new.burst * new.interval - old.interval
    elif new.interval < old.interval:
        next_send_at += new.interval - old.interval
    return min(next_send_at, latest)


def due_slots(
    limits: Limits, next_send_at: dt.datetime, now: dt.datetime, at_most: int
) -> list[dt.datetime]:
    """The slots that come up within LOOKAHEAD, at most that many, none beyond the quota period.

    Without an interval every slot is now, even where a pace that there was before has not run out.
    """
    _, period_end = limits.period(now)
    slots: list[dt.datetime] = []
    due = next_send_at if limits.interval else now
    while len(slots) < at_most:
        slot = max(now, limits.earliest(due))
        if slot > now + LOOKAHEAD or slot >= period_end:
            break
        slots.append(slot)
        due = limits.after(due, slot)
    return slots
