"""Send one message outside of any task, for staff: pace and quota hold for it all the same.

It takes the service's next slot as a grant would, so that no dispatcher starts another message too
close to it. Freezes are for tasks: staff may try a frozen service before they unfreeze it.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_noop

from admin_kit.words.moments import recorded
from dispatch.clock import DatabaseClock, database_time
from dispatch.message.message import Accepted, Message
from dispatch.models import EmailService
from dispatch.pace import pace_rows
from dispatch.pace.gate import Gate, SlotMissed
from dispatch.providers.connect import transport_for

PATIENCE = dt.timedelta(seconds=10)
"""How long staff are kept waiting for a slot."""


class NoSlot(Exception):
    """The service may start no message now, the text says until when; nothing was sent."""


class Taken(NamedTuple):
    """A slot that was reserved, and the gate that lets its message start."""

    gate: Gate
    slot: dt.datetime
    period_end: dt.datetime


def send(service: EmailService, message: Message, patience: dt.timedelta = PATIENCE) -> Accepted:
    """Connect, take a slot, wait for it and hand over; no transaction is open meanwhile. Raises
    NoSlot or DeliveryError.
    """
    transport = transport_for(service)
    try:
        transport.open()
        clock = DatabaseClock.ask(database_time)
        taken = take_slot(service, clock.reading, patience)

        def starting() -> None:
            taken.gate.start(
                taken.slot, taken.period_end, lambda: clock, lambda: math.inf, lambda at: None
            )

        return transport.send(message, starting)
    except SlotMissed as error:
        raise NoSlot(
            gettext_noop("Its slot passed before the message could be started; try again.")
        ) from error
    finally:
        transport.close()


def take_slot(service: EmailService, now: dt.datetime, patience: dt.timedelta = PATIENCE) -> Taken:
    """Reserve the next slot and charge the quota. Raises NoSlot. Locks the Pace row."""
    limits = service.limits
    gate = Gate(limits)
    _, period_end = limits.period(now)
    with transaction.atomic():
        pace = pace_rows.lock_waiting([service.pk])[service.pk]
        if pace.limits_changed_at != limits.since:
            raise NoSlot(gettext_noop("Its limits were changed at this moment; try again."))
        if pace_rows.quota_left(pace, limits, now) == 0:
            raise NoSlot(
                gettext_noop("Its quota is used up until %(time)s.") % {"time": _time(period_end)}
            )
        before = pace.next_send_at
        slot = max(now, limits.earliest(before)) if limits.interval else now
        if slot >= min(now + patience, period_end):
            raise NoSlot(
                gettext_noop("Its next message may start at %(time)s; try again then.")
                % {"time": _time(slot)}
            )
        pace.next_send_at = gate.padded(before, [slot])
        pace_rows.charge(pace, limits, now, 1)
        pace_rows.save([pace])
    gate.opened(before, [slot], pace.next_send_at)
    return Taken(gate, slot, period_end)


def _time(moment: dt.datetime) -> str:
    """The minute from which on there is a slot."""
    return recorded(moment + dt.timedelta(seconds=59))
