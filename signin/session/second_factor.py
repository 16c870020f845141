"""Second factors: who has one, who must have one, and their removal for a user who lost one."""

from __future__ import annotations

import logging
from typing import Any

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_noop, override

from signin.session import sessions

NOBODY, SUPERUSERS, OPERATORS, EVERYBODY = "nobody", "superusers", "operators", "everybody"
CHOICES = (NOBODY, SUPERUSERS, OPERATORS, EVERYBODY)
logger = logging.getLogger(__name__)

OPERATOR_PERMISSION = "campaigns.see_everything"


SEEN = "signin_second_factor"
"""In the session: its user has a second factor."""


def connect() -> None:
    """allauth's pages tell what they change by signals."""
    signals.authenticator_added.connect(_added, dispatch_uid="signin.session.second_factor")
    signals.authenticator_removed.connect(_removed, dispatch_uid="signin.session.second_factor")


def _added(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    log(
        user,
        user,
        gettext_noop("Set up a second factor: %(reason)s.") % {"reason": _kind(authenticator)},
    )


def _removed(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Other sessions began with what is not good any more."""
    request.session.pop(SEEN, None)
    sessions.end_all(user, but=request.session.session_key)
    log(
        user,
        user,
        gettext_noop("Removed a second factor: %(reason)s.") % {"reason": _kind(authenticator)},
    )


def _kind(authenticator: Authenticator) -> str:
    """As it is stored, in English."""
    with override("en"):
        return str(authenticator.get_type_display())


def log(actor: User, user: User, text: str) -> None:
    """Write an entry in the history of the account."""
    LogEntry.objects.create(
        user_id=actor.pk,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(user.pk),
        object_repr=str(user)[:200],
        action_flag=CHANGE,
        change_message=text,
    )
    logger.warning("user %s: %s (by user %s)", user.pk, text, actor.pk)


def is_required_of(user: User) -> bool:
    required = settings.REQUIRE_SECOND_FACTOR
    if required == OPERATORS:
        return user.has_perm(OPERATOR_PERMISSION)  # superusers have every permission
    return required == EVERYBODY or (required == SUPERUSERS and user.is_superuser)


def kinds_of(user: User) -> list[str]:
    """Such as ["totp", "recovery_codes"]."""
    rows = Authenticator.objects.filter(user=user.pk).order_by("type")
    return list(rows.values_list("type", flat=True).distinct())


def has_one(user: User) -> bool:
    """Recovery codes alone do not count."""
    rows = Authenticator.objects.filter(user=user.pk)
    found: bool = rows.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()
    return found


@transaction.atomic
def reset(user: User) -> int:
    """Remove every second factor of the user and end the user's sessions. Returns how many factors
    there were.
    """
    removed: int = Authenticator.objects.filter(user=user.pk).delete()[0]
    sessions.end_all(user)
    return removed
