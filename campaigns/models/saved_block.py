"""Blocks of messages that staff keep to use again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from access.ownership import OwnedQuerySet
from campaigns.models.content import one_line_validator


class SavedBlock(models.Model):
    """`block` is one block as `campaigns.blocks` stores it; messages get copies of it."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("owner"),
    )
    name = models.CharField(_("name"), max_length=100, validators=[one_line_validator])
    block = models.JSONField(_("block"))
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved block")
        verbose_name_plural = _("saved blocks")
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                name="saved_block_name_unique_per_owner",
                violation_error_message=_("There is a saved block with this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name
