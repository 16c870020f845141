"""All contacts that match a list's filters and search: counted, and chosen for what is to be done
with all of them."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext

from admin_kit.base import OwnedAdmin
from campaigns.db.few_at_once import answer_within
from campaigns.db.keys import is_key
from campaigns.models import Contact

COUNT_SECONDS = 5
TICKED = "ticked"
"""The parameter with the keys of the ticked rows, which then are all that is meant."""


class ChoosesAllMatching(OwnedAdmin):
    """The list's filters and search, in a query string, choose contacts for other pages."""

    def chosen(self, request: HttpRequest) -> QuerySet[Contact]:
        """The contacts that the query string of a page chooses, in no order; never others than the
        user sees. Raises Http404 for one that cannot be understood.
        """
        query = request.GET.copy()
        ticked = query.pop(TICKED, [])
        query.pop(PAGE_VAR, None)
        if ticked:
            keys = [key for each in ticked for key in str(each).split(",")]
            if not all(is_key(key) for key in keys):
                raise Http404(gettext("The selection cannot be read."))
            mine: QuerySet[Contact] = self.get_queryset(request).filter(pk__in=keys)
            return mine.order_by().prefetch_related(None)
        listed: Any = request.GET
        request.GET = query  # type: ignore[assignment]  # immutable by its type only
        try:
            found: QuerySet[Contact] = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters as error:
            raise Http404(gettext("The filters cannot be understood.")) from error
        finally:
            request.GET = listed
        return found.order_by().select_related(None).prefetch_related(None)

    def get_urls(self) -> list[URLPattern]:
        view: Any = self.admin_site.admin_view(self.count_view)
        return [path("count/", view, name="campaigns_contact_count"), *super().get_urls()]

    def count_view(self, request: HttpRequest) -> HttpResponse:
        """The part of the list that says how many contacts match."""
        if not self.has_view_permission(request):
            raise Http404(gettext("There is no such page."))
        context = {"total": counted_within(self.chosen(request))}
        return render(request, "admin/campaigns/contact/count.html", context)


def counted_within(contacts: QuerySet[Contact], seconds: int = COUNT_SECONDS) -> int | None:
    """Their exact number; None when counting takes longer, or too many are being counted."""
    return answer_within(seconds, contacts.count)
