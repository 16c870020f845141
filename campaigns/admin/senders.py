from __future__ import annotations

from django.contrib import admin

from campaigns.admin.base import OwnedAdmin
from campaigns.models import Sender, Tag


@admin.register(Sender)
class SenderAdmin(OwnedAdmin):
    list_display = ("__str__", "local_part", "display_name", "reply_to")
    search_fields = ("local_part", "display_name")
    fields = ("owner", "local_part", "display_name", "reply_to", "postal_address")
    autocomplete_fields = ("owner",)


@admin.register(Tag)
class TagAdmin(OwnedAdmin):
    list_display = ("name",)
    search_fields = ("name",)
    fields = ("owner", "name")
    autocomplete_fields = ("owner",)
