"""Two of the admin site's own views, without their crashes on unexpected query strings; and what a
page asks that was opened some time ago.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied
from django.core.paginator import InvalidPage
from django.db.models import ForeignKey, ManyToManyField
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token


class RelatedRows(AutocompleteJsonView):
    """The choices of form fields and filters. Django takes a reverse relation for a field, too, and
    fails on it later."""

    def process_request(self, request: HttpRequest) -> Any:
        term, model_admin, source_field, to_field_name = super().process_request(request)
        if not isinstance(source_field, ForeignKey | ManyToManyField):
            raise PermissionDenied
        return term, model_admin, source_field, to_field_name


def autocomplete(request: HttpRequest) -> HttpResponseBase:
    """To be wrapped in `admin_view`."""
    return RelatedRows.as_view(admin_site=admin.site)(request)


def search(request: HttpRequest) -> HttpResponse:
    """Of models by their name. To be wrapped in `admin_view`."""
    try:
        answer: HttpResponse = admin.site.search(request)  # type: ignore[attr-defined]  # unfold's
    except (ValueError, InvalidPage) as error:
        raise Http404("There is no such page.") from error
    return answer


def still_here(request: HttpRequest) -> HttpResponse:
    """The token with which a form is taken now: signing in anew has changed it. To be wrapped in
    `admin_view`, which sends those away who are not signed in.
    """
    return JsonResponse({"token": get_token(request)})
