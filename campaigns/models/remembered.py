"""What an owner chose for the columns of files, by their headings."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.ownership import OwnedQuerySet


class RememberedColumns(models.Model):
    """How an owner read the columns of a file. The next file with the same headings starts so."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    header_key = models.CharField(max_length=64, help_text=_("SHA-256 of the headings."))
    columns = models.JSONField(default=list, help_text=_("As in the parameters of an import."))
    changed_at = models.DateTimeField(db_default=Now())

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("remembered columns")
        verbose_name_plural = _("remembered columns")
        constraints = [
            models.UniqueConstraint("owner", "header_key", name="remembered_columns_once"),
        ]

    def __str__(self) -> str:
        return self.header_key
