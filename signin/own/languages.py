"""The languages that the admin speaks."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import get_language_info


def spoken() -> list[tuple[str, str]]:
    """Their codes, and their names in themselves, such as ("en", "English")."""
    return [(code, get_language_info(code)["name_local"]) for code in settings.ADMIN_LANGUAGES]


def language_for(chosen: str, request: HttpRequest) -> str:
    """The language chosen, else the first that the browser asks for and the admin speaks, else that
    of the site, else English.
    """
    return _first_spoken(chosen, translation.get_language_from_request(request))


def language_of(chosen: str) -> str:
    """The same where no browser asks, such as in a mail."""
    return _first_spoken(chosen)


def _first_spoken(*asked: str) -> str:
    codes = (*asked, settings.LANGUAGE_CODE)
    return next((code for code in codes if code in settings.ADMIN_LANGUAGES), "en")
