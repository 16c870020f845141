"""Export of the contacts that match a list's filters and search, or of the ticked ones."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from campaigns.admin.contacts.changing import ChangesAllMatching
from campaigns.admin.contacts.matching import TICKED
from campaigns.admin.exports.buttons import ExportContacts
from campaigns.admin.exports.page import export_page
from campaigns.exports import contacts


class ExportsAllMatching(ExportContacts, ChangesAllMatching):
    actions: tuple[str, ...] = (*ChangesAllMatching.actions, "export_ticked")

    def get_urls(self) -> list[URLPattern]:
        view: Any = self.admin_site.admin_view(self.export_matching_view)
        name = "campaigns_contact_export_matching"
        return [path("export-matching/", view, name=name), *super().get_urls()]

    def links_for_all(self, request: HttpRequest, query: str) -> list[tuple[str, str]]:
        links = super().links_for_all(request, query)
        if self.has_export_permission(request):
            links.append((gettext("Export"), f"{self.url('export_matching')}?{query}"))
        return links

    def export_matching_view(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_export_permission(request):
            raise PermissionDenied
        return export_page(
            request,
            self,
            {contacts.NAME: gettext("Contacts")},
            {},
            gettext_noop("ticked contacts")
            if TICKED in request.GET
            else gettext_noop("contacts that match the list"),
            self.url("changelist"),
            matching=self.chosen(request),
        )

    @admin.action(description=_("Export…"), permissions=["export"])
    def export_ticked(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        keys = ",".join(str(key) for key in queryset.order_by("pk").values_list("pk", flat=True))
        return HttpResponseRedirect(f"{self.url('export_matching')}?{urlencode({TICKED: keys})}")
