"""Where the bounces of a service arrive, and how reading them goes."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dispatch.models.service import EmailService, domain_validator


class BounceMailbox(models.Model):
    """`dispatch.bounces.reading` writes what is below `settings`; staff who save the form have the
    mailbox read at once.
    """

    service = models.OneToOneField(
        EmailService, primary_key=True, on_delete=models.CASCADE, related_name="bounce_mailbox"
    )
    enabled = models.BooleanField(default=True)
    domain = models.CharField(
        max_length=253,
        validators=[domain_validator],
        help_text=_("The domain of the return path of the service's messages."),
    )
    settings = models.TextField(blank=True, editable=False, help_text=_("Encrypted."))

    next_read_at = models.DateTimeField(db_default=Now())
    claimed_until = models.DateTimeField(
        null=True, help_text=_("Who reads it has it until then; the time that it takes at most.")
    )
    claim_token = models.UUIDField(null=True)
    read_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=500, blank=True, help_text=_("What was in it last."))
    problem = models.TextField(blank=True, help_text=_("Why it could not be read last."))
    failures_in_row = models.PositiveIntegerField(default=0)
    letter_tries = models.JSONField(
        default=dict, help_text=_("Letters that are being looked at, and how often they were.")
    )
    set_aside_at = models.DateTimeField(null=True)
    set_aside = models.CharField(
        max_length=500, blank=True, help_text=_("What was set aside last, and why.")
    )

    class Meta:
        verbose_name = _("bounce mailbox")
        verbose_name_plural = _("bounce mailboxes")

    def __str__(self) -> str:
        return gettext("bounces of %(service)s") % {"service": self.service}
