"""What happened, whom it is told, and what each user wants to be told."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    FINISHED = "finished", _("A campaign is finished")
    PAUSED = "paused", _("A campaign was paused by itself")
    LAUNCH_FAILED = "launch_failed", _("A campaign could not be launched")
    IN_DOUBT = "in_doubt", _("Messages are in doubt")
    IMPORTED = "imported", _("An import is done")
    IMPORT_FAILED = "import_failed", _("An import failed")
    FROZEN = "frozen", _("An email service is frozen")
    DOMAIN = "domain", _("A sending domain is not ready")
    MAILBOX = "mailbox", _("A bounce mailbox cannot be read")
    WEBHOOK_OFF = "webhook_off", _("The own webhook was switched off")
    TEST = "test", _("A test")


OF_OPERATORS = (Kind.FROZEN, Kind.DOMAIN, Kind.MAILBOX)
"""About email services, which campaigns share."""
PERSONAL = (Kind.WEBHOOK_OFF, Kind.TEST)
"""About what the receiver has chosen; told without being chosen themselves."""


class Channel(models.TextChoices):
    MAIL = "mail", _("mail")
    WEBHOOK = "webhook", _("webhook")


class MailWhen(models.TextChoices):
    NOW = "now", _("At once, each by itself")
    DAILY = "daily", _("Once a day, at 8 o'clock in my time zone")
    NEVER = "never", _("Never")


class State(models.TextChoices):
    WAITING = "waiting", _("waiting")
    SENT = "sent", _("sent")
    GIVEN_UP = "given_up", _("given up")


class Why(models.TextChoices):
    """Why a delivery failed; `said` is what the other side or the network said."""

    REFUSED = "refused", _("The mail server did not take it: %(said)s")
    ANSWER = "answer", _("The receiver answered with status %(said)s.")
    UNREACHABLE = "unreachable", _("The receiver could not be reached: %(said)s")
    NOT_PUBLIC = "not_public", _("%(said)s has no public address, and webhooks go to such alone.")
    UNREADABLE = "unreadable", _("The secret of the webhook cannot be read: make a new one.")
    UNWANTED = "unwanted", _("It was not wanted any more.")
    NOT_ALLOWED = "not_allowed", _("It is about what the receiver may not see any more.")
    KILLED = "killed", _("The process that sent it ended each time.")


class Choice(models.Model):
    """What a user wants to be told, and how. Who has chosen nothing has no row, and is told
    everything at once by mail.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    mail = models.CharField(max_length=5, choices=MailWhen, default=MailWhen.NOW)
    unwanted = ArrayField(models.CharField(max_length=20), default=list)
    webhook_url = models.CharField(max_length=500, blank=True)
    webhook_secret = models.TextField(blank=True, help_text=_("Encrypted."))
    webhook_failing_since = models.DateTimeField(
        null=True, help_text=_("Of the first failure since the last success.")
    )
    webhook_off_at = models.DateTimeField(
        null=True, help_text=_("When it was switched off, after many failures.")
    )

    def __str__(self) -> str:
        return f"{self.user}: {self.get_mail_display()}"

    @property
    def has_webhook(self) -> bool:
        return bool(self.webhook_url) and self.webhook_off_at is None


class Standing(models.Model):
    """Something that lasts, such as a frozen service, and was told. The row goes when it has been
    over for a while: what begins anew is told anew.
    """

    kind = models.CharField(max_length=20)
    about = models.BigIntegerField(help_text=_("The key of the campaign or service."))
    since = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("kind", "about", name="notice_standing_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.about}"


class Notice(models.Model):
    """One occurrence. `key` names it, so that it is told once, though code may run twice."""

    kind = models.CharField(max_length=20, choices=Kind)
    key = models.CharField(max_length=120, unique=True)
    about = models.BigIntegerField(
        null=True, help_text=_("The key of the campaign, import or service.")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text=_("Whose it is; empty for what operators are told."),
    )
    happened_at = models.DateTimeField()
    facts = models.JSONField(default=dict, help_text=_("What the text says: names and reasons."))
    path = models.CharField(max_length=300, help_text=_("The page to look at."))
    made_at = models.DateTimeField(db_default=Now(), db_index=True)

    def __str__(self) -> str:
        return self.key


class Delivery(models.Model):
    """A notice on its way to one receiver: the outbox. Written in the transaction of its notice."""

    uid = models.UUIDField(
        default=uuid.uuid4, help_text=_("Names it to the receiver, in each attempt the same.")
    )
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=7, choices=Channel)
    is_daily = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=12, choices=Why, blank=True)
    said = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("notice", "user", "channel", name="notice_delivery_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            # What is due: WHERE state = 'waiting' ORDER BY next_try_at, id
            models.Index(
                "next_try_at",
                "id",
                name="notice_delivery_due",
                condition=models.Q(state=State.WAITING),
            )
        ]

    def __str__(self) -> str:
        return f"{self.notice}: {self.channel}: {self.user}"
