"""The contacts that a change of all that match is about."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.operation import Operation


class ChangedContact(models.Model):
    """One contact of a change, chosen when the change was asked for. `before` is what the change
    replaced, for its undo; empty while the contact was not reached or had nothing to change.
    """

    pk = models.CompositePrimaryKey("operation_id", "contact_id")
    operation = models.ForeignKey(
        Operation, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    contact_id = models.BigIntegerField(help_text=_("No foreign key: the contact may be deleted."))
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("changed contact")
        verbose_name_plural = _("changed contacts")

    def __str__(self) -> str:
        return f"contact {self.contact_id} of operation {self.operation_id}"
