"""When a session began, was last used, and was last confirmed. Stored in the session.

Times are this host's clock: the limits are minutes, and hosts synchronised by NTP differ by less
than a second.
"""

from __future__ import annotations

import time
from typing import Any

from allauth.account.signals import authentication_step_completed
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from signin.models import Outcome
from signin.record import record

STARTED, USED, CONFIRMED = "signin_started", "signin_used", "signin_confirmed"
USED_EVERY_SECONDS = 60
"""The precision of a session's last use: each update costs a write."""


def connect() -> None:
    """Django and allauth tell of sign-ins and confirmations by signals, and by nothing else."""
    user_logged_in.connect(_began, dispatch_uid="signin.session.sessions")
    user_logged_out.connect(_ended, dispatch_uid="signin.session.sessions")
    authentication_step_completed.connect(_confirmed, dispatch_uid="signin.session.sessions")


def proved(request: HttpRequest, at: float) -> None:
    """For a sign-in in this request: the person showed at that time who it is, not now."""
    request.META[CONFIRMED] = at


def _began(request: HttpRequest, **kwargs: Any) -> None:
    now = time.time()
    request.session[STARTED] = request.session[USED] = now
    request.session[CONFIRMED] = request.META.get(CONFIRMED, now)


def _ended(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """The session itself goes with the sign-out; here goes its row in the list of sessions."""
    UserSession.objects.filter(session_key=request.session.session_key or "").delete()
    if user is not None and not why_over(request.session):
        record(request, Outcome.SIGNED_OUT, user)


def _confirmed(
    request: HttpRequest, user: User, method: str, reauthenticated: bool = False, **kwargs: Any
) -> None:
    if reauthenticated:
        request.session[CONFIRMED] = time.time()
        record(request, Outcome.CONFIRMED, user, method=str(kwargs.get("type") or method))


def why_over(session: SessionBase) -> str:
    """Why this session ends now, for the user; empty when it goes on."""
    now = time.time()
    if now - session.get(STARTED, 0) > settings.SESSION_COOKIE_AGE:
        return gettext("%(count)s hours have passed since you signed in") % {
            "count": settings.SESSION_COOKIE_AGE // 3600
        }
    if now - session.get(USED, 0) > settings.SESSION_IDLE_SECONDS:
        return gettext("nothing was done for %(count)s minutes") % {
            "count": settings.SESSION_IDLE_SECONDS // 60
        }
    return ""


def note_use(request: HttpRequest) -> None:
    now = time.time()
    if now - request.session.get(USED, 0) < USED_EVERY_SECONDS:
        return
    request.session[USED] = now
    rows = UserSession.objects.filter(session_key=request.session.session_key)
    rows.update(last_seen_at=timezone.now())


def confirmed_within(request: HttpRequest, seconds: float) -> bool:
    confirmed: float = request.session.get(CONFIRMED, 0)
    return time.time() - confirmed < seconds


def of(user: User) -> list[UserSession]:
    """The user's living sessions, the newest first. Rows of those that are over are deleted."""
    living: list[UserSession] = UserSession.objects.purge_and_list(user)
    return sorted(living, key=lambda session: session.last_seen_at, reverse=True)


def end_all(user: User, *, but: str | None = None) -> int:
    """End the user's sessions except that with the key `but`. Returns how many were ended."""
    ending = UserSession.objects.filter(user=user.pk).exclude(session_key=but or "")
    count = 0
    for session in ending:
        session.end()
        count += 1
    return count
