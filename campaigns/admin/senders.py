"""Admin pages for senders and tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from admin_kit.base import OwnedAdmin
from campaigns.admin import uses
from campaigns.admin.changes import ExplainedChanges
from campaigns.models import Contact, Sender, Tag


@admin.register(Sender)
class SenderAdmin(ExplainedChanges, OwnedAdmin):
    list_display = ("__str__", "local_part", "display_name", "reply_to")
    ordering = ("display_name", "local_part", "pk")
    search_fields = ("local_part", "display_name")
    search_help_text = "Part of an address or a name"
    fields = ("owner", "local_part", "display_name", "reply_to", "postal_address")

    def uses_of(self, objects: Sequence[Any], request: HttpRequest) -> list[str]:
        return uses.by_tasks(objects, request.user, "sender")


@admin.register(Tag)
class TagAdmin(OwnedAdmin):
    list_display = ("name",)
    search_fields = ("name",)
    search_help_text = "Part of a name"
    fields = ("owner", "name")

    def uses_of(self, objects: Sequence[Any], request: HttpRequest) -> list[str]:
        """A task that loses its tag would be sent to other contacts than intended."""
        fields = ("include_tags", "exclude_tags")
        return uses.by_tasks(objects, request.user, *fields, statuses=uses.NOT_LAUNCHED)

    def deletion_of(self, objects: Sequence[Any], request: HttpRequest) -> tuple[Any, ...]:
        """Counts the contacts that lose the tag; Django would list each of them."""
        losing = Contact.tags.through._default_manager.filter(tag__in=objects).count()
        counts = {"tags": len(objects), "contacts that lose a tag": losing}
        return [str(tag) for tag in objects], counts, set(), []
