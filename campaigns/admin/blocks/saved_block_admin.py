"""Admin pages for saved blocks: they are made in the editor, and named and deleted here."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_replace
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin, WithPanel
from campaigns.admin.blocks import draft as drafts
from campaigns.admin.blocks.builder import summary_of
from campaigns.admin.changes import ExplainedChanges
from campaigns.admin.seeing.preview import MESSAGE_POLICY, Preview, preview
from campaigns.blocks import making
from campaigns.blocks.kinds import KINDS
from campaigns.blocks.problems import BlocksError
from campaigns.models import SavedBlock, Sender, Template
from campaigns.rendering.content import TemplateError
from sandbox import Failed, LimitReached

NO_SUBJECT = "–"


@admin.register(SavedBlock)
@method_decorator(csp_replace(MESSAGE_POLICY), name="changeform_view")
class SavedBlockAdmin(ExplainedChanges, WithPanel, OwnedAdmin):
    change_form_after_template = "admin/campaigns/blocks/saved.html"
    list_display = ("name", "kind", "says", "created_at")
    sortable_by = ("name", "created_at")
    ordering = ("name", "pk")
    search_fields = ("name",)
    search_help_text = _("Part of a name")
    fields = ("owner", "name", "kind")
    readonly_fields = ("kind",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Blocks are kept in the editor of a message."""
        return False

    def panel_of(self, request: HttpRequest, row: SavedBlock) -> dict[str, Any]:
        return {"seen": _seen(row)}

    @admin.display(description=_("says"), empty_value="–")
    def says(self, saved: Any) -> str:
        return summary_of(saved.block)

    @admin.display(description=_("kind"))
    def kind(self, saved: Any) -> str:
        kind = KINDS.get(str(saved.block.get("kind")))
        return kind.label if kind else "–"


def _seen(saved: SavedBlock) -> Preview:
    """In the look of the owner's brand, for a made-up contact."""
    owner: User = saved.owner
    try:
        html = making.html_of(drafts.as_stored([saved.block]), making.look_of(owner.pk))
    except (BlocksError, TemplateError, LimitReached, Failed):
        return Preview("", "", "", gettext("The block cannot be shown just now."))
    # Its name is no text of a message: it may hold what Liquid takes for a tag.
    message = Template(owner=owner, subject=NO_SUBJECT, html=html)
    return preview(message, None, Sender(owner=owner, local_part="news"))
