"""Senders and tags: what campaigns are made of besides templates and contacts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from campaigns.admin.base import OwnedAdmin
from campaigns.models import Contact, Sender, Tag


@admin.register(Sender)
class SenderAdmin(OwnedAdmin):
    list_display = ("__str__", "local_part", "display_name", "reply_to")
    ordering = ("display_name", "local_part", "pk")
    search_fields = ("local_part", "display_name")
    search_help_text = "Part of an address or a name"
    fields = ("owner", "local_part", "display_name", "reply_to")


@admin.register(Tag)
class TagAdmin(OwnedAdmin):
    list_display = ("name",)
    search_fields = ("name",)
    search_help_text = "Part of a name"
    fields = ("owner", "name")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        """The contacts that lose a tag are counted; Django would list each, and they may be very
        many.
        """
        tags = list(objs)
        losing = Contact.tags.through._default_manager.filter(tag__in=tags).count()
        counts = {"tags": len(tags), "contacts that lose a tag": losing}
        return [str(tag) for tag in tags], counts, set(), []
