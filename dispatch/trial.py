"""One message outside of any task, at the wish of staff: pace and quota hold for it all the same.

It takes the service's next slot as a grant would, so that no dispatcher starts another message too
close to it. Freezes are for tasks: staff may try a frozen service before they unfreeze it.
"""

from __future__ import annotations

import datetime as dt
import math

from django.db import transaction
from django.utils import timezone

from dispatch import paces
from dispatch.agenda import limits_of
from dispatch.clock import DatabaseClock
from dispatch.leases import database_time
from dispatch.models import EmailService
from dispatch.pacing import Gate, SlotMissed, Slots
from dispatch.providers.base import Accepted, Message
from dispatch.transports import transport_for

PATIENCE = dt.timedelta(seconds=10)
"""How long staff are kept waiting for a slot."""


class NoSlot(Exception):
    """The service may start no message now, the text says until when; nothing was sent."""


def send(service: EmailService, message: Message) -> Accepted:
    """Connect, take a slot, wait for it and hand over; no transaction is open meanwhile. Raises
    NoSlot or DeliveryError.
    """
    transport = transport_for(service)
    try:
        transport.open()
        clock = DatabaseClock.ask(database_time)
        slots = take_slot(service, clock.reading)
        gate = Gate(slots)

        def starting() -> None:
            gate.start(slots.times[0], lambda: clock, lambda: math.inf, lambda at: None)

        return transport.send(message, starting)
    except SlotMissed as error:
        raise NoSlot("Its slot passed before the message could be started; try again.") from error
    finally:
        transport.close()


def take_slot(service: EmailService, now: dt.datetime) -> Slots:
    """Reserve the next slot and charge the quota. Raises NoSlot. Locks the Pace row."""
    limits = limits_of(service)
    _, period_end = limits.period(now)
    with transaction.atomic():
        pace = paces.lock_waiting([service.pk])[service.pk]
        if paces.quota_left(pace, limits, now) == 0:
            raise NoSlot(f"Its quota is used up until {_time(period_end)}.")
        slot = max(now, limits.earliest(pace.next_send_at))
        if limits.interval and slot >= min(now + PATIENCE, period_end):
            raise NoSlot(f"Its next message may start at {_time(slot)}; try again then.")
        slots = Slots(limits, pace.next_send_at, (slot if limits.interval else now,), period_end)
        if limits.interval:
            pace.next_send_at = slots.padded_next()
        paces.charge(pace, limits, now, 1)
        paces.save([pace])
    return slots


def _time(moment: dt.datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S %Z}"
