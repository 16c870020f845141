"""The page itself: one file without scripts, links or anything that is fetched."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from campaigns import erasure
from campaigns.languages.counting import language_of
from privacy.export import collect
from privacy.readable.document import document

LANGUAGES = {"en": "English", "de": "Deutsch", "zh-hans": "简体中文"}
"""Those that the words of the page are translated to."""


def as_html(address: str, language: str) -> str:
    """In the installation's time zone, not in that of the staff who export."""
    zone = timezone.get_default_timezone()
    with translation.override(language), timezone.override(zone):
        return render_to_string("privacy/export.html", {"document": document(collect(address))})


def language_for(address: str) -> str:
    """The first that a contact with this address says and we write, else that of the
    installation."""
    said = [language_of(contact) for contact in erasure.contacts_of(address)]
    return next(filter(None, map(_written, [*said, settings.LANGUAGE_CODE])), "en")


def _written(tag: str) -> str:
    """Such as zh-hans for zh-CN; "" for a language that we do not write."""
    first = tag.lower().replace("_", "-").split("-")[0]
    return next((each for each in LANGUAGES if each.split("-")[0] == first), "") if first else ""
