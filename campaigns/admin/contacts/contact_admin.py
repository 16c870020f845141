"""Admin pages for contacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin
from admin_kit.lists import ChangeList, UncountedPaginator
from admin_kit.typed import label_of
from admin_kit.words.moments import to_the_minute
from campaigns import contact_search
from campaigns.admin import uses
from campaigns.admin.contacts.columns import ContactChangeList
from campaigns.admin.contacts.editing import EditsAttributes
from campaigns.admin.contacts.exporting import ExportsAllMatching
from campaigns.admin.contacts.filters import (
    DomainFilter,
    ImportFilter,
    SegmentFilter,
    StatusFilter,
    TagFilter,
)
from campaigns.admin.contacts.person import COLOURS, ShowsThePerson
from campaigns.admin.imports.pages import ImportPages
from campaigns.contact_status import Standing
from campaigns.models import Contact
from campaigns.wording import listed

MOST_TAGS = 5
"""The most tags named in a row of the list."""


@admin.register(Contact)
class ContactAdmin(EditsAttributes, ImportPages, ExportsAllMatching, ShowsThePerson, OwnedAdmin):
    nothing_yet = _(
        "The people whom you may mail. Import a file, let them sign up, or add one by hand."
    )
    paginator = UncountedPaginator
    list_disable_select_all = True
    list_display = ("address", "name", "status", "tag_names", "last_mailed", "last_seen")
    list_filter = (
        ("tags", TagFilter),
        StatusFilter,
        SegmentFilter,
        ImportFilter,
        DomainFilter,
    )
    sortable_by = ("address",)
    ordering = ("-id",)
    search_fields = ("email", "name")
    search_help_text = _("Any part of a name, an address or a domain")
    autocomplete_fields = ("tags",)
    actions_list = ("import_file", "export_file")
    list_before_template = "admin/campaigns/contact/before_list.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ContactChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("tags")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return contact_search.search(queryset, search_term, request.user), False

    def uses_of(self, objects: Sequence[Any], request: HttpRequest) -> list[str]:
        return uses.by_tasks(objects, request.user, "contacts", statuses=uses.NOT_LAUNCHED)

    def deletion_of(self, objects: Sequence[Any], request: HttpRequest) -> tuple[Any, ...]:
        """Lists the contacts only, not the links to their tags."""
        return [str(contact) for contact in objects], {}, set(), []

    @admin.display(description=_("email"), ordering="email")
    def address(self, contact: Contact) -> str:
        return str(contact)

    @admin.display(description=_("status"))
    def status(self, contact: Any) -> SafeString:
        standing: Standing = contact.standing
        return mark_safe(label_of(standing.words, COLOURS[standing.status.value]))

    @admin.display(description=_("tags"))
    def tag_names(self, contact: Contact) -> str:
        names = [tag.name for tag in contact.tags.all()]
        if len(names) <= MOST_TAGS:
            return listed(names)
        return gettext("%(names)s and %(more)s more") % {
            "names": listed(names[:MOST_TAGS]),
            "more": len(names) - MOST_TAGS,
        }

    @admin.display(description=_("last mailed"))
    def last_mailed(self, contact: Any) -> str:
        return to_the_minute(contact.mailed_at)

    @admin.display(description=_("last seen"))
    def last_seen(self, contact: Any) -> str:
        """When the person last opened or clicked."""
        return to_the_minute(contact.seen_at)
