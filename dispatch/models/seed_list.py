"""Addresses that staff send tests to, kept under a name."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from access.ownership import OwnedQuerySet
from campaigns.models.content import one_line_validator

MOST = 20
"""The most addresses of a list, and of a test."""


class SeedList(models.Model):
    """`addresses` are in their stored spelling, each once."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("owner"),
    )
    name = models.CharField(max_length=100, validators=[one_line_validator], verbose_name=_("name"))
    addresses = ArrayField(
        models.CharField(max_length=254),
        size=MOST,
        help_text=format_lazy(_("One on each line, {most} at most."), most=MOST),
        verbose_name=_("addresses"),
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("seed list")
        verbose_name_plural = _("seed lists")
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                name="seed_list_once",
                violation_error_message=_("There is a seed list of this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name
