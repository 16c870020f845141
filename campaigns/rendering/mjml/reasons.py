"""What is wrong with MJML: what the compiler and the reader of XML say, in words of the product."""

from __future__ import annotations

import re

from django.utils.translation import gettext, gettext_noop

OF_COMPILER = (
    ("unexpected element", gettext_noop("an element stands where it cannot stand")),
    ("unexpected token", gettext_noop("something stands where it cannot stand")),
    ("unexpected end of stream", gettext_noop("it ends too early")),
    ("unable to find mjml element", gettext_noop("there is no <mjml>")),
    ("unable to parse next template", gettext_noop("it cannot be read as MJML")),
    ("unable to load included template", gettext_noop("no other file is read: <mj-include>")),
    ("missing attribute", gettext_noop("an attribute is missing")),
    ("invalid attribute", gettext_noop("the value of an attribute is not valid")),
    ("invalid format", gettext_noop("a value is not valid")),
    ("size limit reached", gettext_noop("it is too long")),
)
OF_XML = (
    ("mismatched tag", gettext_noop("a tag is closed that is not open")),
    ("no element found", gettext_noop("it ends too early")),
    ("unclosed token", gettext_noop("a tag does not end")),
    ("undefined entity", gettext_noop("there is no such character reference")),
    ("partial character", gettext_noop("a character is not complete")),
)
"""How their sentences begin, and what is said for them."""
_MISSING = re.compile(r'missing attribute "([^"]+)"')


def in_plain_words(said: str) -> str:
    """In the language of the reader. A sentence that is not known stays as it is."""
    if missing := _MISSING.match(said):
        return gettext("the attribute “%(name)s” is missing") % {"name": missing[1]}
    for start, text in (*OF_COMPILER, *OF_XML):
        if said.startswith(start):
            return gettext(text)
    return said
