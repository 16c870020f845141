"""Two of the admin site's own views, without their crashes on unexpected query strings; and what a
page asks that was opened some time ago.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.paginator import InvalidPage
from django.db.models import ForeignKey, ManyToManyField
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.utils.encoding import force_bytes
from django.utils.translation import gettext

NO_RESULTS = "ul"
"""What unfold's template says in place of the list."""


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
    """Of models by their name, and of what the command palette finds. To be wrapped in
    `admin_view`. Unfold keeps what it found for some minutes: a message goes on meanwhile, and an
    address may be erased. Its palette takes the list of results alone from an answer, and would
    say nothing when there are none."""
    key = f"{request.user.pk}_{request.GET.get('s', '').lower()}"
    kept = f"unfold_search_{hashlib.sha256(force_bytes(key)).hexdigest()}"
    try:
        answer: HttpResponse = admin.site.search(request)  # type: ignore[attr-defined]  # unfold's
    except (ValueError, InvalidPage) as error:
        raise Http404(gettext("There is no such page.")) from error
    finally:
        cache.delete(kept)
    found = getattr(answer, "context_data", None)
    if found and not found["results"]:
        answer.headers["HX-Reselect"] = NO_RESULTS
    return answer


def still_here(request: HttpRequest) -> HttpResponse:
    """The token with which a form is taken now: signing in anew has changed it. To be wrapped in
    `admin_view`, which sends those away who are not signed in.
    """
    return JsonResponse({"token": get_token(request)})
