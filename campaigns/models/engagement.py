"""What is known of what people did with an owner's messages."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.task import Task


class EngagementKind(models.IntegerChoices):
    SENT = 1, _("was sent")
    DELIVERED = 2, _("was delivered")
    OPENED = 3, "opened"
    CLICKED = 4, "clicked"
    BOUNCED = 5, "bounced"
    UNSUBSCRIBED = 6, "unsubscribed"
    COMPLAINED = 7, _("reported as spam")


class Engagement(models.Model):
    """That something happened with the message of a task to an address, and when last.

    One row per task, address, kind, people or machines, and link; a click has one for any link, 0,
    and one for the link. By the address and not the contact, so that a contact that is deleted and
    comes back is known. The owner is the task's. A trigger writes SENT with each SubTask that is
    sent, and applying an event writes the others. No constraint on the keys: the check would cost
    as much as an index.
    """

    pk = models.CompositePrimaryKey("task_id", "kind", "is_machine", "address_key", "link")
    task = models.ForeignKey(
        Task, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    kind = models.SmallIntegerField(choices=EngagementKind)
    is_machine = models.BooleanField(
        default=False, help_text=_("Opened or clicked by a scanner, not by a person or its proxy.")
    )
    link = models.BigIntegerField(
        default=0, help_text=_("64 bits of the MD5 of the link's destination; 0 for any.")
    )
    address_key = models.BigIntegerField(help_text=_("See campaigns.models.contacts.AddressKey."))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    at = models.DateTimeField(help_text=_("When it happened last."))

    class Meta:
        verbose_name = _("engagement")
        verbose_name_plural = _("engagement")

    def __str__(self) -> str:
        return f"{self.task_id}: {self.get_kind_display()} at {self.at}"


class EngagementTimes(models.Model):
    """When things of one kind happened to an address with the messages of an owner, of all tasks.

    Triggers of `Engagement` keep it with every write. One row instead of one for each task, in
    the order of addresses: so a question about any task reads as many rows as there are addresses.
    """

    pk = models.CompositePrimaryKey("owner_id", "kind", "is_machine", "link", "address_key")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    kind = models.SmallIntegerField(choices=EngagementKind)
    is_machine = models.BooleanField()
    link = models.BigIntegerField()
    address_key = models.BigIntegerField()
    times = ArrayField(
        models.DateTimeField(),
        help_text=_(
            "One for each task, newest first: the third says since when it happened thrice."
        ),
    )

    class Meta:
        verbose_name = _("engagement")
        verbose_name_plural = _("engagement")

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {len(self.times)} times"
