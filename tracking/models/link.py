"""Destinations of the links in launched content."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Content


class Link(models.Model):
    """One link of a content's HTML. Immutable, so that it can be cached for good.

    `destination` is a URL, or, where the recipient is part of it, the Liquid source of the
    attribute as it stands in the HTML; scheme and host are fixed in either.
    """

    content = models.ForeignKey(
        Content, on_delete=models.CASCADE, related_name="links", db_index=False
    )
    position = models.PositiveIntegerField()
    destination = models.TextField()
    is_personal = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        constraints = [models.UniqueConstraint("content", "position", name="link_position_once")]

    def __str__(self) -> str:
        return self.destination
