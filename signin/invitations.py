"""Links by which users set a password themselves: made, taken back, used.

A link holds 256 random bits and is good once, until it expires by the clock of the database. It
does not sign anybody in: the page to sign in follows, with the second factor.
"""

from __future__ import annotations

import datetime as dt
import secrets

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_noop

from signin.models import Invitation
from signin.session import second_factor, sessions

VALID_DAYS = 7
SALT = "signin.invitations"


def make(user: User, by: User) -> str:
    """The link, which is not to be had again. A former one of the user works no more."""
    token = secrets.token_urlsafe(32)
    values = {
        "digest": _digest(user.pk, token),
        "invited_by": by,
        "invited_at": Now(),
        "expires_at": Now() + dt.timedelta(days=VALID_DAYS),
        "is_mailed": False,
    }
    with transaction.atomic():
        Invitation.objects.update_or_create(user=user, defaults=values)
        second_factor.log(
            by,
            user,
            gettext_noop("Made a link to set a password, good for %(days)s days.")
            % {"days": VALID_DAYS},
        )
    return settings.PUBLIC_URL + reverse("sign_in_invitation", args=[user.pk, token])


def was_mailed(user: User) -> None:
    Invitation.objects.filter(user=user).update(is_mailed=True)


def of(user: User) -> Invitation | None:
    return Invitation.objects.filter(user=user).select_related("invited_by").first()


def take_back(user: User, by: User) -> bool:
    """False when there was none any more."""
    with transaction.atomic():
        deleted = Invitation.objects.filter(user=user).delete()[0]
        if deleted:
            second_factor.log(by, user, gettext_noop("Took the link to set a password back."))
    return bool(deleted)


def invited(user_id: int, token: str) -> User | None:
    """Whose link this is, if it is still good."""
    living = Invitation.objects.filter(
        user=user_id, expires_at__gt=Now(), user__is_active=True, user__is_staff=True
    )
    found = living.select_related("user").first()
    if found is None or not constant_time_compare(found.digest, _digest(user_id, token)):
        return None
    return found.user


def accept(user_id: int, token: str, password: str) -> bool:
    """Set the password; sessions of before end. False when the link has been used, taken back or
    replaced meanwhile, and nothing was changed.
    """
    with transaction.atomic():
        Invitation.objects.select_for_update().filter(user=user_id).first()
        user = invited(user_id, token)
        if user is None:
            return False
        user.set_password(password)
        user.save(update_fields=["password"])
        Invitation.objects.filter(user=user).delete()
        sessions.end_all(user)
        second_factor.log(user, user, gettext_noop("Set a password by the link."))
    return True


def _digest(user_id: int, token: str) -> str:
    return salted_hmac(SALT, f"{user_id}\n{token}", algorithm="sha256").hexdigest()
