"""The addresses that links and images of blocks may have."""

from __future__ import annotations

import re
from html import escape

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.blocks import outputs
from campaigns.blocks.problems import Wrong

_LINK = re.compile(r"(https?://[^/\s]|mailto:[^\s]|tel:[+0-9])", re.IGNORECASE)
_IMAGE = re.compile(r"https?://[^/\s]", re.IGNORECASE)
_ODD = re.compile(r"[\s\"'<>\\^`{|}]")
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_SCHEME = re.compile(r"\s*[a-z][a-z0-9+.-]*:", re.IGNORECASE)
LINK_HELP = _(
    "Write an address that begins with https://, mailto: or tel:, or with a variable such as "
    "{{ shop_url }}."
)
IMAGE_HELP = _("Write the address of an image, which begins with https://, or with a variable.")


def link(source: str) -> str:
    """An address as the value of an attribute, escaped. Raises Wrong."""
    return _address(source, _LINK, str(LINK_HELP))


def image(source: str) -> str:
    """As `link`, of an image."""
    return _address(source, _IMAGE, str(IMAGE_HELP))


def _address(source: str, allowed: re.Pattern[str], help: str) -> str:
    source = source.strip()
    parts = [(text, is_output) for text, is_output in outputs.pieces(source) if text]
    if not parts:
        raise Wrong(help)
    for text, is_output in parts:
        if not is_output and (odd := _ODD.search(text)):
            raise Wrong(
                gettext("An address has no “%(character)s”. %(help)s")
                % {"character": odd[0], "help": help}
            )
    first, is_output = parts[0]
    if not is_output and not allowed.match(source):
        raise Wrong(help)
    if is_output and _names_a_scheme(first, allowed):
        raise Wrong(help)
    return "".join(
        outputs.in_attribute(text) if is_output else escape(text) for text, is_output in parts
    )


def _names_a_scheme(output: str, allowed: re.Pattern[str]) -> bool:
    """One that is not allowed, in a literal text of a variable that an address begins with."""
    texts = [found[1] or found[2] or "" for found in _QUOTED.finditer(output)]
    return any(_SCHEME.match(text) and not allowed.match(text.strip()) for text in texts)
