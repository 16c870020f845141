"""Whom to mail, and whom never to mail again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower, Now

from campaigns.models.ownership import OwnedQuerySet


def clean_field(address: str) -> str:
    """The stored spelling of the field `email`. Raises ValidationError on that field."""
    from campaigns.addresses import clean_address

    try:
        return clean_address(address)
    except ValidationError as error:
        raise ValidationError({"email": error}) from error


class Tag(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("owner", Lower("name"), name="tag_name_unique_per_owner")
        ]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """A person who may be mailed. `attributes` are the merge variables beyond `name` and
    `email`.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    email = models.CharField(
        "email address", max_length=254, help_text="Stored in lower case, unique per owner."
    )
    name = models.CharField(max_length=200, blank=True)
    attributes = models.JSONField(
        default=dict,
        blank=True,
        help_text='More merge variables: {"first_name": "Ada"} is {{ first_name }} in a template.',
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="contacts")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        permissions = [("import_contact", "Can import contacts from a file")]
        constraints = [
            models.UniqueConstraint("owner", "email", name="contact_email_unique_per_owner"),
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")) & ~models.Q(email=""),
                name="contact_email_lower_case",
            ),
        ]
        indexes = [
            # Launch walks an owner's contacts in key order: WHERE owner_id = … AND id > … ORDER BY
            # id
            models.Index("owner", "id", name="contact_walk"),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        if self.email:
            self.email = clean_field(self.email)
        if not isinstance(self.attributes, dict):
            raise ValidationError({"attributes": "Attributes are an object: names and values."})

    def merge_variables(self) -> dict[str, Any]:
        """What a template sees; `campaigns.launch` builds the same in SQL."""
        return {**self.attributes, "name": self.name, "email": self.email}


class SuppressionReason(models.TextChoices):
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    HARD_BOUNCE = "hard_bounce", "Hard bounce"
    COMPLAINT = "complaint", "Complaint"
    MANUAL = "manual", "Added by staff"


class Suppression(models.Model):
    """An address, or with a leading "@" a whole domain, that no task may mail; it outlives the
    contact.

    Checked when a task is launched and again in every claim.
    """

    email = models.CharField(
        "address or @domain",
        max_length=254,
        unique=True,
        help_text="In lower case. @example.com stands for every address of that domain.",
    )
    reason = models.CharField(
        max_length=20, choices=SuppressionReason, default=SuppressionReason.MANUAL
    )
    source = models.CharField(max_length=200, blank=True, help_text="Where this came from.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")) & ~models.Q(email=""),
                name="suppression_lower_case",
            )
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        address = self.email.strip()
        if address.startswith("@"):
            self.email = clean_field(f"x{address}")[1:]
        elif address:
            self.email = clean_field(address)
