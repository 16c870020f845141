"""What people said to a launch and were shown before it, and how it differs from that."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from campaigns.models.task import Task


class ApprovalState(models.TextChoices):
    ASKED = "asked", _("Waits for approval")
    APPROVED = "approved", _("Approved")
    SENT_BACK = "sent_back", _("Sent back")


class Approval(models.Model):
    """That a second person approves what a task would send, asked for by a first. It holds as long
    as `fingerprint` is that of the task: see campaigns.approvals.
    """

    task = models.OneToOneField(
        Task, primary_key=True, on_delete=models.CASCADE, related_name="approval"
    )
    state = models.CharField(max_length=10, choices=ApprovalState, default=ApprovalState.ASKED)
    fingerprint = models.JSONField(
        help_text=_(
            "Of what would be frozen when it was asked for: a digest of each part, by name."
        )
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField(db_default=Now())
    words = models.TextField(blank=True, help_text=_("To those who may approve."))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state=ApprovalState.ASKED, decided_at__isnull=True)
                | models.Q(
                    state__in=[ApprovalState.APPROVED, ApprovalState.SENT_BACK],
                    decided_at__isnull=False,
                ),
                name="approval_is_decided",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=ApprovalState.APPROVED, decided_by=models.F("asked_by")),
                name="approval_by_another",
            ),
        ]
        indexes = [
            # The start page: WHERE state = 'asked'
            models.Index(
                "asked_at", name="approval_open", condition=models.Q(state=ApprovalState.ASKED)
            )
        ]

    def __str__(self) -> str:
        return f"{self.task}: {self.get_state_display()}"


class Promise(models.Model):
    """The numbers of a task as a person saw them; it holds once that person has confirmed the
    launch or the schedule. `counts` are by reason, those to be sent under "".
    """

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="promises")
    shown_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    shown_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        constraints = [
            models.UniqueConstraint(
                "task",
                name="promise_confirmed_once",
                condition=models.Q(confirmed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task}: {self.counts}"


class PromisedContacts(models.Model):
    """The contacts of a promise by identity, thousands a row: those of one reason whose keys lie
    between two bounds, with the keys of their addresses. Deleted when the launch has compared them.
    """

    promise = models.ForeignKey(Promise, on_delete=models.CASCADE, related_name="contacts")
    reason = models.CharField(max_length=20, blank=True)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    contact_ids = ArrayField(models.BigIntegerField())
    address_keys = ArrayField(
        models.BigIntegerField(),
        help_text=_("In the same order; see campaigns.models.contacts.AddressKey."),
    )

    class Meta:
        verbose_name = _("promised contacts")
        verbose_name_plural = _("promised contacts")

    def __str__(self) -> str:
        return f"{len(self.contact_ids)} contacts of promise {self.promise_id}"


class Change(models.TextChoices):
    """Why a contact fared otherwise than promised."""

    ADDED = "added", _("was added since")
    DELETED = "deleted", _("was deleted")
    JOINED = "joined", _("came into the audience since, by a tag, segment or choice")
    LEFT = "left", _("is not in the audience any more, by a tag, segment or choice")
    UNSUBSCRIBED = "unsubscribed", _("unsubscribed since")
    LEFT_OUT = "left_out", _("is left out now")
    SENT = "sent", _("gets a message now")
    REASON = "reason", _("is left out for another reason")
    ADDRESS = "address", _("has another address now")


class Difference(models.Model):
    """A contact that fared otherwise at the launch than promised. `promised` and `made` are
    reasons: "" for a message, "none" for a contact that was not among the candidates.
    """

    NOT_THERE = "none"

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="+", db_index=False)
    contact_id = models.BigIntegerField(help_text=_("No foreign key: the contact may be deleted."))
    recipient_email = models.CharField(max_length=254, blank=True)
    change = models.CharField(max_length=20, choices=Change)
    promised = models.CharField(max_length=20, blank=True)
    made = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        constraints = [
            models.UniqueConstraint("task", "contact_id", name="difference_once"),
        ]
        indexes = [
            # The list of a kind of change: WHERE task_id = … AND change = … ORDER BY contact_id
            models.Index("task", "change", "contact_id", name="difference_change"),
            # What is known of an address, and its erasure: WHERE recipient_email = …
            models.Index("recipient_email", name="difference_address"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient_email}: {self.get_change_display()}"
