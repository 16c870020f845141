"""The sign-in log: rows for superusers, log lines for collectors."""

from __future__ import annotations

import datetime as dt
import logging

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import F
from django.db.models.functions import Now
from django.http import HttpRequest

from signin.models import NAME_LENGTH, USER_AGENT_LENGTH, Outcome, SignIn
from signin.throttling import throttle
from signin.throttling.places import address_of, network_of

logger = logging.getLogger(__name__)

KEEP = dt.timedelta(days=180)
MOST_ROWS = 200_000
"""The oldest rows beyond it are deleted: a flood from many addresses does not fill the disk."""
PRUNE_EVERY = dt.timedelta(minutes=1)
PRUNE_ROWS = 20_000  # deleted at once
LEVELS = {
    Outcome.SIGNED_IN: logging.INFO,
    Outcome.CONFIRMED: logging.INFO,
    Outcome.SIGNED_OUT: logging.INFO,
    Outcome.TIMED_OUT: logging.INFO,
}


def record(
    request: HttpRequest, outcome: Outcome, user: User | None = None, *, method: str = ""
) -> SignIn:
    address = address_of(request)
    row = SignIn.objects.create(
        outcome=outcome,
        user=user,
        user_name=user.get_username()[:NAME_LENGTH] if user else "",
        method=method[:60],
        address=address,
        network=network_of(address),
        user_agent=_printable(request.headers.get("User-Agent", ""))[:USER_AGENT_LENGTH],
    )
    _log(row)
    return row


def record_too_many_tries(
    request: HttpRequest, user: User | None, exceeded: throttle.TooManyTries
) -> None:
    """Count one more in the row of this address, user and window; the first makes the row. Tries
    of the same moment may make two: no row is worth a lock here.
    """
    since = exceeded.until - throttle.WINDOW
    same = SignIn.objects.filter(
        outcome=Outcome.REFUSED,
        user=user,
        network=network_of(address_of(request)),
        at__gte=since,
    )
    newest = same.order_by("-at").values("pk")[:1]
    if not SignIn.objects.filter(pk__in=newest).update(times=F("times") + 1):
        record(request, Outcome.REFUSED, user, method=exceeded.limit.kind)


def account_named(user_name: str) -> User | None:
    """The account of that name, also an inactive one."""
    found: User | None = get_user_model()._default_manager.filter(username=user_name).first()
    return found


def prune() -> None:
    """Forget what is old, and what is too much; sessions that are over; counters of the past.
    Maintenance asks every second; once a minute is enough.
    """
    if not throttle.first_use("prune", window=PRUNE_EVERY):
        return
    throttle.forget_old()
    Session.objects.filter(expire_date__lt=Now()).delete()
    SignIn.objects.filter(at__lt=Now() - KEEP).delete()
    too_many = SignIn.objects.order_by("-pk").values_list("pk", flat=True)[
        MOST_ROWS : MOST_ROWS + 1
    ]
    for newest_to_go in too_many:
        old = SignIn.objects.filter(pk__lte=newest_to_go).order_by("pk").values("pk")[:PRUNE_ROWS]
        SignIn.objects.filter(pk__in=old).delete()


def _log(row: SignIn) -> None:
    logger.log(
        LEVELS.get(Outcome(row.outcome), logging.WARNING),
        "sign-in: %s, user %s, from %s%s",
        row.get_outcome_display(),
        row.user_id or "unknown",
        row.address or "an unknown address",
        f", by {row.method}" if row.method else "",
        extra={"user_id": row.user_id, "address": row.address, "outcome": row.outcome},
    )


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
