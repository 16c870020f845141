"""The proof of what was handed over, and of what people decided about what is unknown.
Append-only.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import SubTask
from dispatch.models.service import EmailService


class AttemptOutcome(models.TextChoices):
    ACCEPTED = "accepted", _("Accepted")
    DEFERRED = "deferred", _("Refused for now")
    REJECTED = "rejected", _("Refused for good")
    SERVICE_ERROR = "service_error", _("The service failed")
    UNKNOWN = "unknown", _("Unknown: no reply came back")
    NOT_STARTED = "not_started", _("Not started: the process ended before")
    """No hand-over at all: marked for one by a process that ended before it began."""
    RESTORED = "restored", _("Sent before the database was restored")
    """Handed over after the backup was taken, as a file or a log tells."""


class Attempt(models.Model):
    """One hand-over of one SubTask, or the proof that there was none. Times are by the database
    clock; `started_at` never comes before `slot_at`.
    """

    subtask = models.ForeignKey(
        SubTask,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("message"),
    )
    service = models.ForeignKey(
        EmailService,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("service"),
    )
    dispatcher_id = models.BigIntegerField(verbose_name=_("dispatcher id"))
    claim_token = models.UUIDField(verbose_name=_("claim token"))
    slot_at = models.DateTimeField(
        help_text=_("The slot that was granted; no start is earlier."), verbose_name=_("slot at")
    )
    sending_at = models.DateTimeField(
        null=True,
        help_text=_("When the hand-over was first marked; repeats of one in doubt share it."),
        verbose_name=_("sending at"),
    )
    started_at = models.DateTimeField(
        null=True,
        help_text=_("Empty when the dispatcher died and it is unknown whether it started."),
        verbose_name=_("started at"),
    )
    finished_at = models.DateTimeField(db_default=Now(), verbose_name=_("finished at"))
    outcome = models.CharField(max_length=15, choices=AttemptOutcome, verbose_name=_("outcome"))
    code = models.PositiveSmallIntegerField(null=True, verbose_name=_("code"))
    reply = models.TextField(blank=True, verbose_name=_("reply"))

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            # Also a SubTask's history: WHERE subtask_id = …
            models.UniqueConstraint("subtask", "claim_token", name="attempt_once_per_claim"),
        ]
        indexes = [
            # Audit of pace and quota, send rate: WHERE service_id = … AND started_at >= … ORDER BY
            # started_at
            models.Index("service", "started_at", name="attempt_pace"),
            # Admin's list by outcome: WHERE outcome = … ORDER BY id DESC LIMIT …. Accepted ones
            # are everywhere.
            models.Index(
                "outcome",
                "id",
                name="attempt_not_accepted",
                condition=~models.Q(outcome=AttemptOutcome.ACCEPTED),
            ),
            # The errors of a service, grouped on its page: WHERE service_id = … AND started_at >=
            # … AND outcome <> 'accepted' ORDER BY started_at DESC LIMIT …
            models.Index(
                "service",
                "started_at",
                name="attempt_errors",
                condition=~models.Q(outcome=AttemptOutcome.ACCEPTED),
            ),
        ]

    def __str__(self) -> str:
        return gettext("attempt at message %(id)s: %(outcome)s") % {
            "id": self.subtask_id,
            "outcome": self.get_outcome_display(),
        }


class DecisionChoice(models.TextChoices):
    WAS_SENT = "was_sent", _("It was sent")
    SEND_AGAIN = "send_again", _("Send again, may duplicate")
    GIVE_UP = "give_up", _("Give up")


class Decision(models.Model):
    """What a named person decided about a SubTask whose outcome was unknown."""

    subtask = models.ForeignKey(SubTask, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    choice = models.CharField(max_length=10, choices=DecisionChoice)
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")

    def __str__(self) -> str:
        return gettext("%(user)s on message %(id)s: %(decision)s") % {
            "user": self.user,
            "id": self.subtask_id,
            "decision": self.get_choice_display(),
        }
