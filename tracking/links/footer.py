"""The footer added to a message whose template has no unsubscribe link."""

from __future__ import annotations

from html import escape

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from admin_kit.words.listing import headed
from tracking.links.personalise import UNSUBSCRIBE_URL, WEB_VIEW_URL

_STYLE = (
    "margin:24px auto 0;max-width:600px;padding:12px;text-align:center;"
    "font-family:Arial,sans-serif;font-size:12px;line-height:1.5;color:#595959"
)
_RULE = "-" * 20


def html(postal_address: str, language: str) -> str:
    """A Liquid template, in the language of the page."""
    lines = [_html_line(line) for line in postal_address.strip().splitlines()]
    with translation.override(_supported(language)):
        labels = {UNSUBSCRIBE_URL: gettext("Unsubscribe"), WEB_VIEW_URL: gettext("View in browser")}
    links = " · ".join(
        f'<a href="{{{{ {name} }}}}" style="color:#595959">{escape(label)}</a>'
        for name, label in labels.items()
    )
    return f'<div style="{_STYLE}">{"<br>".join([*lines, links])}</div>'


def text(postal_address: str, language: str) -> str:
    """As `html`, for the plain text."""
    lines = [_text_line(line) for line in postal_address.strip().splitlines()]
    with translation.override(_supported(language)):
        way_out = headed(gettext("Unsubscribe"), f"{{{{ {UNSUBSCRIBE_URL} }}}}")
    return "\n".join(["\n", _RULE, *lines, way_out, ""])


def _html_line(line: str) -> str:
    return escape(line.strip()).replace("{", "&#123;")


def _text_line(line: str) -> str:
    return line.strip().replace("{", '{{ "{" }}')


def _supported(language: str) -> str:
    try:
        return translation.get_supported_language_variant(language[:20])
    except LookupError:
        return settings.LANGUAGE_CODE
