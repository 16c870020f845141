"""Write down what is to be told to whom, claim what is due, note what became of it."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet, Subquery
from django.db.models.functions import Greatest, Now
from django.utils import timezone

from notices import receivers
from notices.models import Channel, Choice, Delivery, Kind, MailWhen, Notice, State, Why
from signin.own.profiles import profile_of
from signin.own.zones import zone_of
from system_mail import sending as system_mail

DELAYS_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""The pauses after each failed attempt, three days in all, as Standard Webhooks has them; after one
more it is given up."""
MOST_ATTEMPTS = len(DELAYS_SECONDS) + 1
JITTER = 0.1
"""Up to so much of a pause is added, so that what failed together does not come back together."""
LONGEST_PAUSE_SECONDS = 86_400
CLAIM = dt.timedelta(minutes=5)
"""How long what was claimed rests when the process that claimed it is killed; longer than an
attempt takes."""
DAILY_HOUR = 8
MOST_IN_ONE_MAIL = 200
LONGEST_FACT = 1_000


def record(notice: Notice) -> bool:
    """Note an occurrence with a delivery for each receiver, in one transaction. False when one of
    this key has been noted before.
    """
    facts = {name: _short(value) for name, value in notice.facts.items()}
    names = ("kind", "about", "owner_id", "happened_at", "path")
    values = {name: getattr(notice, name) for name in names} | {"facts": facts}
    with transaction.atomic():
        noted, is_new = Notice.objects.get_or_create(key=notice.key, defaults=values)
        if is_new:
            users = receivers.of(noted)
            choices = Choice.objects.in_bulk([user.pk for user in users])
            for user in users:
                _deliver(noted, user, choices.get(user.pk) or Choice(user=user))
    return is_new


def _short(value: Any) -> Any:
    return value[:LONGEST_FACT] if isinstance(value, str) else value


def _deliver(notice: Notice, user: User, choice: Choice) -> None:
    for channel in (Channel.MAIL, Channel.WEBHOOK):
        if is_wanted(notice, channel, choice):
            is_daily = channel == Channel.MAIL and _goes_daily(notice, choice)
            due = {"next_try_at": next_daily(user)} if is_daily else {}
            Delivery.objects.create(
                notice=notice, user=user, channel=channel, is_daily=is_daily, **due
            )


def is_wanted(notice: Notice, channel: str, choice: Choice) -> bool:
    """Whether the receiver can be told this way, and has chosen so."""
    if notice.kind in choice.unwanted:
        return False
    if channel == Channel.WEBHOOK:
        return choice.has_webhook and notice.kind != Kind.WEBHOOK_OFF
    can = bool(choice.user.email) and system_mail.is_configured()
    return can and choice.mail != MailWhen.NEVER


def _goes_daily(notice: Notice, choice: Choice) -> bool:
    return choice.mail == MailWhen.DAILY and notice.kind != Kind.TEST


def next_daily(user: User, now: dt.datetime | None = None) -> dt.datetime:
    """The next morning, in the zone of the user."""
    local = (now or timezone.now()).astimezone(zone_of(profile_of(user)))
    morning = local.replace(hour=DAILY_HOUR, minute=0, second=0, microsecond=0)
    return morning if morning > local else morning + dt.timedelta(days=1)


# What a worker does


def due() -> QuerySet[Delivery]:
    return Delivery.objects.filter(state=State.WAITING, next_try_at__lte=Now())


def claim() -> list[Delivery]:
    """What is due next: one, or all that go into one daily mail. The attempt counts from here on,
    also when it kills its process.

    What goes into one mail stays together: it is found by the moment at which it is due, which its
    attempts change for all of it.
    """
    with transaction.atomic():
        free = due().select_for_update(skip_locked=True).order_by("next_try_at", "pk")
        first = free.first()
        if first is None:
            return []
        pks = [first.pk]
        if first.is_daily:
            same = free.filter(user=first.user_id, is_daily=True, next_try_at=first.next_try_at)
            pks = [each.pk for each in same[:MOST_IN_ONE_MAIL]]
        Delivery.objects.filter(pk__in=pks).update(
            attempts=F("attempts") + 1, next_try_at=Now() + CLAIM
        )
    claimed = Delivery.objects.filter(pk__in=pks).select_related("notice", "user__profile")
    return list(claimed.order_by("notice__happened_at", "pk"))


def sent(deliveries: Sequence[Delivery]) -> None:
    _of(deliveries).update(state=State.SENT, ended_at=Now(), why="", said="")


def give_up(deliveries: Sequence[Delivery], why: Why, said: str = "") -> None:
    """The page of the receiver says why."""
    _of(deliveries).update(state=State.GIVEN_UP, ended_at=Now(), why=why, said=said[:500])


def try_later(deliveries: Sequence[Delivery], why: Why, said: str, at_least: float = 0) -> None:
    """After a pause, of at least so many seconds. Those of one mail have one number of attempts."""
    pause = DELAYS_SECONDS[deliveries[0].attempts - 1] * random.uniform(1, 1 + JITTER)
    seconds = min(max(pause, at_least), LONGEST_PAUSE_SECONDS)
    later = Now() + dt.timedelta(seconds=seconds)
    _of(deliveries).update(next_try_at=later, why=why, said=said[:500])


def let_rest(failed: Delivery) -> None:
    """What else waits for the same webhook waits as long as what has just failed: it does not
    hold others up, and is not flooded.
    """
    others = Delivery.objects.filter(
        user=failed.user_id, channel=Channel.WEBHOOK, state=State.WAITING
    ).exclude(pk=failed.pk)
    until = Delivery.objects.filter(pk=failed.pk).values("next_try_at")[:1]
    others.update(next_try_at=Greatest(F("next_try_at"), Subquery(until)))


def has_attempts_left(delivery: Delivery) -> bool:
    return delivery.attempts < MOST_ATTEMPTS


def _of(deliveries: Sequence[Delivery]) -> QuerySet[Delivery]:
    """Those still to be settled: of two that send the same after a claim ran out, one settles."""
    pks = [each.pk for each in deliveries]
    return Delivery.objects.filter(pk__in=pks, state=State.WAITING)
