"""Contacts that are offered while one types, where a page asks as whom a message is seen."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from admin_kit.base import OwnedAdmin
from admin_kit.typed import TextInput
from campaigns.models import Contact
from campaigns.preflight import whom

FEWEST, MOST = 2, 200
"""Characters that are looked for."""
FOUND = "admin/campaigns/template/contacts.html"
OFFERED = (
    '{}<datalist id="{list}" hx-get="{url}" hx-trigger="input changed delay:300ms from:#{input}" '
    'hx-include="#{input}" hx-select="option" hx-swap="innerHTML"></datalist>'
)


class ContactInput(TextInput):
    """Of the contacts of one owner, or of all that the user sees."""

    def __init__(self, owner_id: int | None = None) -> None:
        super().__init__({"autocomplete": "off"})
        self.owner_id = owner_id

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        key = (attrs or {}).get("id") or f"id_{name}"
        shown = {**(attrs or {}), "id": key, "list": f"{key}_found"}
        url = reverse("admin:campaigns_template_contacts")
        asked = urlencode({"in": name, "owner": self.owner_id or ""})
        return format_html(
            OFFERED,
            super().render(name, value, shown, renderer),
            list=shown["list"],
            url=f"{url}?{asked}",
            input=key,
        )


class SuggestsContacts(OwnedAdmin):
    def get_urls(self) -> list[URLPattern]:
        own: Any = self.admin_site.admin_view
        found = path("contacts/", own(self.contacts_view), name="campaigns_template_contacts")
        return [found, *super().get_urls()]

    def contacts_view(self, request: HttpRequest) -> HttpResponse:
        """`in` is the name of the control that has the words."""
        if not request.user.has_perm("campaigns.view_contact"):
            raise PermissionDenied
        words = request.GET.get(request.GET.get("in", ""), "").strip()[:MOST]
        contacts = Contact.objects.visible_to(request.user)
        owner = request.GET.get("owner", "")
        if owner.isascii() and owner.isdecimal() and len(owner) < 10:
            contacts = contacts.filter(owner=int(owner))
        may_look = len(words) >= FEWEST and "\x00" not in words
        found = whom.search(contacts, words, request.user) if may_look else []
        return render(request, FOUND, {"found": found})
