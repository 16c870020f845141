"""Admin pages for saved blocks: they are made in the editor, and named and deleted here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin
from campaigns.admin.changes import ExplainedChanges
from campaigns.blocks.kinds import KINDS
from campaigns.models import SavedBlock


@admin.register(SavedBlock)
class SavedBlockAdmin(ExplainedChanges, OwnedAdmin):
    list_display = ("name", "kind", "created_at")
    sortable_by = ("name", "created_at")
    ordering = ("name", "pk")
    search_fields = ("name",)
    search_help_text = _("Part of a name")
    fields = ("owner", "name", "kind")
    readonly_fields = ("kind",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Blocks are kept in the editor of a message."""
        return False

    @admin.display(description=_("kind"))
    def kind(self, saved: Any) -> str:
        kind = KINDS.get(str(saved.block.get("kind")))
        return kind.label if kind else "–"
