"""Sign-ins, the counters that limit tries, and what users choose for themselves."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

NAME_LENGTH = 150
ADDRESS_LENGTH = 45  # an IPv6 address with an IPv4 address at its end
USER_AGENT_LENGTH = 200


class Outcome(models.TextChoices):
    SIGNED_IN = "signed_in", _("signed in")
    CONFIRMED = "confirmed", _("confirmed")
    SIGNED_OUT = "signed_out", _("signed out")
    TIMED_OUT = "timed_out", _("session timed out")
    WRONG_PASSWORD = "wrong_password", _("wrong user name or password")
    WRONG_CODE = "wrong_code", _("right password, wrong second factor")
    REFUSED = "refused", _("refused: too many tries")
    NOT_ALLOWED = "not_allowed", _("known, but no staff account")


class SignIn(models.Model):
    """One try to sign in. Tries that were refused without looking at the password share one row
    for each address and window, with their number in `times`.

    `user` is set for names of accounts only. Other names are not kept: people type passwords into
    the wrong field.
    """

    at = models.DateTimeField(db_default=Now(), verbose_name=_("at"))
    outcome = models.CharField(max_length=20, choices=Outcome, verbose_name=_("outcome"))
    times = models.PositiveIntegerField(default=1, verbose_name=_("times"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        db_index=False,  # by the index on user and time
        related_name="+",
        verbose_name=_("user"),
    )
    user_name = models.CharField(max_length=NAME_LENGTH, blank=True, verbose_name=_("user name"))
    method = models.CharField(
        max_length=60,
        blank=True,
        help_text=_("Such as password and totp."),
        verbose_name=_("method"),
    )
    address = models.CharField(_("IP address"), max_length=ADDRESS_LENGTH, blank=True)
    network = models.CharField(max_length=ADDRESS_LENGTH, blank=True, verbose_name=_("network"))
    user_agent = models.CharField(
        max_length=USER_AGENT_LENGTH, blank=True, verbose_name=_("user agent")
    )

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        indexes: ClassVar[list[models.Index]] = [
            # Whether a user has signed in from here lately (throttle).
            models.Index(fields=["user", "network", "at"], name="signin_known_place"),
            # Pruning and the list of one day.
            models.Index(fields=["at"], name="signin_at"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = []

    def __str__(self) -> str:
        who = self.user_name or gettext("an unknown name")
        return f"{who}: {self.get_outcome_display()}"


class Tries(models.Model):
    """How often something was tried since the window began. The key is a keyed hash, so that the
    table holds neither names nor addresses.
    """

    key = models.CharField(max_length=80, primary_key=True)
    count = models.PositiveIntegerField()
    until = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = _("tries")

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"


class Profile(models.Model):
    """What a user has chosen for the own pages; without a row, and where it is empty: nothing."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="profile",
    )
    language = models.CharField(max_length=20, blank=True, default="")
    time_zone = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")

    def __str__(self) -> str:
        language = self.language or gettext("any language")
        zone = self.time_zone or gettext("any zone")
        return f"{self.user}: {language}, {zone}"


class Invitation(models.Model):
    """A link by which a user sets a first password. Good once, and until it expires; it is gone
    when it was used or taken back, and another one takes its place when it is sent again.

    The link is not kept: only a keyed hash of what makes it unguessable.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="invitation",
    )
    digest = models.CharField(max_length=64)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    invited_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    is_mailed = models.BooleanField(
        default=False, help_text=_("A mail server took it; else it was shown, to be handed over.")
    )

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return gettext("invitation of %(user)s") % {"user": self.user}
