"""The pages of the help. To be wrapped in `admin_view`."""

from __future__ import annotations

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe
from unfold.dataclasses import SearchResult

from access.ownership import sees_everything
from admin_kit.confirmation import page_of_no_model
from guide import catalogue, reading, searching
from guide.reading import Page

IN_THE_PALETTE = 5
PICTURES_ARE_KEPT_SECONDS = 3600


def readers_language() -> str:
    return get_language() or catalogue.ENGLISH


def page_for(request: HttpRequest, name: str, language: str = "") -> Page | None:
    by_operator = sees_everything(request.user)
    return reading.page(name, language or readers_language(), by_operator=by_operator)


@require_safe
def help_list(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "")[: searching.MOST_CHARACTERS].strip()
    hits = _find(request, words)
    return page_of_no_model(
        request,
        "admin/help/list.html",
        title=gettext("Help"),
        words=words,
        hits=[(hit, hit.excerpt(words)) for hit in hits],
        groups=_groups(request),
        language=readers_language(),
    )


def _find(request: HttpRequest, words: str) -> list[searching.Hit]:
    by_operator = sees_everything(request.user)
    return searching.search(reading.pages(readers_language(), by_operator=by_operator), words)


def _groups(request: HttpRequest) -> list[tuple[str, list[Page]]]:
    groups = [
        (str(group.title), [found for name in group.names if (found := page_for(request, name))])
        for group in catalogue.GROUPS
    ]
    return [(title, pages) for title, pages in groups if pages]


@require_safe
def help_document(request: HttpRequest, name: str) -> HttpResponse:
    asked = request.GET.get("language", "")
    language = asked if asked in settings.ADMIN_LANGUAGES else readers_language()
    found = page_for(request, name, language)
    if found is None:
        raise Http404(gettext("There is no such document."))
    return page_of_no_model(
        request,
        "admin/help/document.html",
        title=found.title,
        document=found,
        is_untranslated=found.language != language,
    )


@require_safe
def help_picture(request: HttpRequest, path: str) -> HttpResponseBase:
    file = catalogue.pictures().get(path)
    if file is None:
        raise Http404(gettext("There is no such picture."))
    response = FileResponse(file.open("rb"), content_type="image/png")
    patch_cache_control(response, private=True, max_age=PICTURES_ARE_KEPT_SECONDS)
    return response


def in_the_palette(request: HttpRequest, words: str) -> list[SearchResult]:
    return [
        SearchResult(
            title=hit.page.title,
            description=hit.heading or gettext("Help"),
            link=hit.url,
            icon="help",
        )
        for hit in _find(request, words)[:IN_THE_PALETTE]
    ]
