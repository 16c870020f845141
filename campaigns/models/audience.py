"""What chooses contacts: typed attributes, segments, and the record of those a launch left out."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from access.ownership import OwnedQuerySet
from campaigns.models.task import Task


class AttributeKind(models.TextChoices):
    """How a value is stored in `Contact.attributes`: text and choices as strings, numbers as JSON
    numbers, dates as ISO 8601 strings (2026-05-01), yes or no as JSON booleans."""

    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    DATE = "date", _("Date")
    YES_NO = "yes_no", _("Yes or no")
    CHOICE = "choice", _("Choice")


class Attribute(models.Model):
    """What an owner's contacts may have: a key of `Contact.attributes`, and its type."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("owner"),
    )
    key = models.CharField(
        _("key"),
        max_length=110,
        help_text=_("Its name in templates: first_name is {{ first_name }}."),
    )
    label = models.CharField(
        _("label"), max_length=200, blank=True, help_text=_("Its name on pages.")
    )
    kind = models.CharField(
        _("type"), max_length=10, choices=AttributeKind, default=AttributeKind.TEXT
    )
    choices = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        help_text=_("Of a choice."),
        verbose_name=_("choices"),
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("attribute")
        verbose_name_plural = _("attributes")
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(
                "owner",
                "key",
                name="attribute_key_unique_per_owner",
                violation_error_message=_("There is an attribute with this name already."),
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=AttributeKind.values), name="attribute_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.key


class Segment(models.Model):
    """A named condition on an owner's contacts. Nothing stores who is in it: that
    is computed anew each time.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("owner"),
    )
    name = models.CharField(_("name"), max_length=100)
    condition = models.JSONField(_("condition"), default=dict)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    changed_at = models.DateTimeField(_("changed at"), db_default=Now(), editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                name="segment_name_unique_per_owner",
                violation_error_message=_("There is a segment with this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class LeftOutReason(models.TextChoices):
    """Why a contact of the audience gets no message. The first that holds is the reason."""

    ERASED = "erased", _("The address was erased")
    SUPPRESSED = "suppressed", _("The address is suppressed")
    DOMAIN_SUPPRESSED = "domain", _("The whole domain is suppressed")
    INVALID = "invalid", _("The address cannot be mailed")
    REFUSED = "refused", _("Did not agree to be mailed")
    NO_CONSENT = "no_consent", _("No recorded consent, and the campaign asks for one")
    EXCLUDED = "excluded", _("In an excluded tag or segment")
    PAUSED = "paused", _("Asked for a pause")
    LESS_OFTEN = "less_often", _("Asked for less mail, and was mailed lately")
    RUNNING = "running", _("In another running campaign")
    DUPLICATE = "duplicate", _("Another contact has the same address")


class LeftOut(models.Model):
    """A contact of a launched task's audience that got no message, and why. Written by the launch,
    with its SubTasks."""

    task = models.ForeignKey(
        Task, on_delete=models.CASCADE, related_name="+", db_index=False, verbose_name=_("campaign")
    )
    contact_id = models.BigIntegerField(
        _("contact id"), help_text=_("No foreign key: the contact may be deleted.")
    )
    recipient_email = models.CharField(_("recipient email"), max_length=254)
    reason = models.CharField(_("reason"), max_length=20, choices=LeftOutReason)

    class Meta:
        verbose_name = _("contact left out")
        verbose_name_plural = _("contacts left out")
        constraints = [
            models.UniqueConstraint("task", "contact_id", name="left_out_once"),
        ]
        indexes = [
            # The list of a reason: WHERE task_id = … AND reason = … ORDER BY id
            models.Index("task", "reason", "id", name="left_out_reason"),
            # What is known of an address, and its erasure: WHERE recipient_email = …
            models.Index("recipient_email", name="left_out_address"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient_email}: {self.get_reason_display()}"
