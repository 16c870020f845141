"""A sending domain or provider account, its limits, and how far they are used up."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import zoneinfo
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from access.ownership import owners_open_to, sees_everything
from dispatch.encryption import decrypt, encrypt
from dispatch.limits import Limits

CONNECTION = ("provider", "credentials", "domain")
LIMITS = ("sending_interval", "burst", "daily_quota", "quota_reset_time", "quota_time_zone")
domain_validator = RegexValidator(
    r"\A(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}\Z",
    _("Enter a domain name in lower case, for example: mail.example.com"),
)

selector_validator = RegexValidator(
    r"\A(?!.*_domainkey)[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?\Z",
    _("Enter a selector only, such as mail2026: the part before “._domainkey”."),
)


def validate_time_zone(name: str) -> None:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise ValidationError(
            gettext("“%(name)s” is not a time zone; enter a name such as Europe/Berlin.")
            % {"name": name}
        ) from error


def new_webhook_key() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def webhook_key_digest(key: str) -> str:
    """What is stored to find a service by its key, which is random and long: it takes no salt."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def default_time_zone() -> str:
    return settings.TIME_ZONE


class EmailServiceQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def open_to(self, user_id: int) -> models.QuerySet[EmailService]:
        """Services for everyone, or for this user or a team of the user's among others."""
        users = EmailService.users.through.objects.filter(emailservice_id=models.OuterRef("pk"))
        among = users.filter(user_id__in=owners_open_to(user_id))
        return self.filter(models.Exists(among) | ~models.Exists(users))

    def usable_by(self, user_id: int) -> models.QuerySet[EmailService]:
        """Enabled services that are open to this user."""
        return self.open_to(user_id).filter(enabled=True)

    def visible_to(
        self, user: AbstractBaseUser | AnonymousUser | PermissionsMixin
    ) -> models.QuerySet[EmailService]:
        return self.all() if sees_everything(user) else self.open_to(user.pk or 0)


class EmailService(models.Model):
    """A sending domain or provider account. Its state of use is in `Pace`, which alone is written
    while sending.
    """

    name = models.CharField(max_length=100, unique=True, verbose_name=_("name"))
    domain = models.CharField(
        max_length=253,
        validators=[domain_validator],
        help_text=_("The domain that messages are from."),
        verbose_name=_("domain"),
    )
    dkim_selector = models.CharField(
        _("DKIM selector"),
        max_length=63,
        blank=True,
        validators=[selector_validator],
        help_text=_(
            "The part before “._domainkey” of the name at which the key is published; your "
            "provider or mail server shows it. Used to check the domain."
        ),
    )
    provider = models.CharField(max_length=30, verbose_name=_("provider"))
    credentials = models.TextField(
        blank=True,
        editable=False,
        help_text=_("The provider's settings, encrypted."),
        verbose_name=_("credentials"),
    )
    sending_interval = models.DecimalField(
        _("sending interval (seconds)"),
        max_digits=9,
        decimal_places=3,
        default=Decimal("1"),
        validators=[MinValueValidator(0)],
        help_text=_("Seconds between the starts of two messages; 0 for no limit."),
    )
    burst = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_(
            "How many messages may start at once after a time of rest; 1 for an even pace."
        ),
        verbose_name=_("burst"),
    )
    daily_quota = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text=_("Most messages in a day; leave empty for no limit."),
        verbose_name=_("daily quota"),
    )
    quota_reset_time = models.TimeField(
        default=dt.time(0),
        help_text=_("When the day of the quota begins, in the time zone below."),
        verbose_name=_("quota reset time"),
    )
    quota_time_zone = models.CharField(
        max_length=64,
        default=default_time_zone,
        validators=[validate_time_zone],
        verbose_name=_("quota time zone"),
    )
    max_connections = models.PositiveSmallIntegerField(
        default=2,
        validators=[MinValueValidator(1)],
        help_text=_("Most connections at the same time, over all hosts."),
        verbose_name=_("max connections"),
    )
    enabled = models.BooleanField(default=True, verbose_name=_("enabled"))
    users = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="+",
        help_text=_("Who may use this service; leave empty for everyone."),
        verbose_name=_("reserved for"),
    )
    connection_changed_at = models.DateTimeField(
        db_default=Now(),
        editable=False,
        help_text=_(
            "Since when provider, account and domain are as they are: a hand-over in doubt "
            "is repeated only where it was made."
        ),
        verbose_name=_("connection changed at"),
    )
    webhook_key_digest = models.CharField(
        max_length=64,
        unique=True,
        editable=False,
        help_text=_("By this the service is found when its provider posts an event."),
        verbose_name=_("digest of the webhook key"),
    )
    webhook_key_encrypted = models.TextField(
        editable=False,
        help_text=_(
            "The unguessable part of the address that the provider posts events to, to be "
            "shown again."
        ),
        verbose_name=_("webhook key encrypted"),
    )

    objects = EmailServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("email service")
        verbose_name_plural = _("email services")
        ordering = ["name"]
        permissions = [("control_emailservice", _("Can freeze, unfreeze and test email services"))]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sending_interval__gte=0), name="service_interval_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(daily_quota__isnull=True) | models.Q(daily_quota__gte=0),
                name="service_quota_not_negative",
            ),
            models.CheckConstraint(condition=models.Q(burst__gte=1), name="service_burst_positive"),
            models.CheckConstraint(
                condition=models.Q(max_connections__gte=1), name="service_connections_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(domain=Lower("domain")), name="service_domain_lower_case"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row, and no other. The database makes the Pace row of a new service, and refuses
        other limits: `dispatch.pace.services.save` changes those, and notes another connection.

        Raises CredentialsError when a new service's webhook key cannot be encrypted, and
        IntegrityError for what the database refuses.
        """
        if not self.webhook_key_digest:
            self._set_webhook_key(new_webhook_key())
        super().save(*args, **kwargs)

    @property
    def limits(self) -> Limits:
        """Reads the service's Pace row, too."""
        return Limits(
            interval=dt.timedelta(seconds=float(self.sending_interval)),
            burst=self.burst,
            daily_quota=self.daily_quota,
            reset_time=self.quota_reset_time,
            time_zone=self.quota_time_zone,
            since=self.pace.limits_changed_at,
        )

    @property
    def webhook_key(self) -> str:
        """The secret part of the webhook address; "" before the service is saved. Raises
        CredentialsError when it cannot be decrypted.
        """
        return str(decrypt(self.webhook_key_encrypted).get("key", ""))

    def renew_webhook_key(self) -> None:
        """Give the webhook another address; the old one is refused from now on. Saves."""
        self._set_webhook_key(new_webhook_key())
        super().save(update_fields=["webhook_key_digest", "webhook_key_encrypted"])

    def _set_webhook_key(self, key: str) -> None:
        self.webhook_key_digest = webhook_key_digest(key)
        self.webhook_key_encrypted = encrypt({"key": key})


class Pace(models.Model):
    """How far a service's limits are used up. One narrow row, locked for each grant; nothing refers
    to it.

    Lock order: see `dispatch.pace.pace_rows`.
    """

    service = models.OneToOneField(
        EmailService, primary_key=True, on_delete=models.CASCADE, related_name="pace"
    )
    limits_changed_at = models.DateTimeField(
        db_default=Now(),
        help_text=_(
            "Since when the limits are as they are: who knows older ones may not grant by "
            "this row, and the audit judges what was sent since."
        ),
    )
    next_send_at = models.DateTimeField(
        db_default=Now(), help_text=_("When the next even slot is; a burst may start earlier.")
    )
    quota_period_start = models.DateTimeField(
        null=True, help_text=_("The period `quota_used` is about.")
    )
    quota_used = models.PositiveIntegerField(default=0)
    frozen_until = models.DateTimeField(null=True)
    needs_person = models.BooleanField(
        default=False, help_text=_("Frozen until a person unfreezes it.")
    )
    freeze_reason = models.TextField(blank=True)
    failures_in_row = models.PositiveIntegerField(default=0)
    freezes_in_row = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("pace")
        verbose_name_plural = _("paces")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quota_used__gte=0), name="pace_quota_used_not_negative"
            )
        ]

    def __str__(self) -> str:
        return gettext("Pace of service %(pk)s") % {"pk": self.pk}


class Turn(models.Model):
    """When a service last served a task: what fairness is decided by. Written only under the
    service's Pace lock.
    """

    service = models.ForeignKey(
        EmailService,
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,  # turn_once begins with it
    )
    task_id = models.BigIntegerField()
    served_at = models.DateTimeField()

    class Meta:
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        constraints = [models.UniqueConstraint("service", "task_id", name="turn_once")]

    def __str__(self) -> str:
        return gettext("service %(service_id)s served campaign %(task_id)s at %(served_at)s") % {
            "service_id": self.service_id,
            "task_id": self.task_id,
            "served_at": self.served_at,
        }
