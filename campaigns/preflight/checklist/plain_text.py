"""Checks of the plain text beside the HTML, and of the message as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext

from campaigns.preflight.checklist import addresses
from campaigns.preflight.checklist.findings import Finding, Level, Place
from campaigns.preflight.checklist.message import Message, listed, literal
from campaigns.rendering.html.hrefs import destination_of

FEWEST_SHARED = 0.15
"""Of the words of the plain text, so many should be in the HTML."""
FEWEST_WORDS = 20
_WORD = re.compile(r"[^\W\d_]{4,}")
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>()\[\]\"']+", re.IGNORECASE)


def no_text_part(message: Message) -> Iterator[Finding]:
    if not message.written.text.strip():
        yield Finding(
            "no_text_part",
            Level.NOTE,
            gettext("There is no plain text."),
            gettext(
                "It is made from the HTML: a message without one is taken for spam more often."
            ),
            gettext("Nothing has to be done. To say it in other words, write a plain text."),
            (Place("text", 0),),
        )


def different_text(message: Message) -> Iterator[Finding]:
    """A text that was left from another message, say."""
    text = literal(message.written.text)
    if not text.strip():
        return
    hosts = _hosts(message)
    in_text = {addresses.host_of(found[0]) for found in _ADDRESS.finditer(text)}
    if hosts and not hosts & in_text:
        yield Finding(
            "different_text",
            Level.WARNING,
            gettext("The plain text has none of the HTML’s links: %(hosts)s.")
            % {"hosts": listed(sorted(hosts))},
            gettext("Those who read it cannot follow them, and filters compare the two."),
            gettext(
                "Write the links into the plain text, or empty it: then it is made from the HTML."
            ),
            (Place("text", 1),),
        )
    elif not _says_the_same(text, message.document.text):
        yield Finding(
            "different_text",
            Level.WARNING,
            gettext("The plain text says something else than the HTML: they share hardly a word."),
            gettext("Some readers get another message, and filters compare the two."),
            gettext("Write it anew, or empty it: then it is made from the HTML."),
            (Place("text", 1),),
        )


def _hosts(message: Message) -> set[str]:
    found = (destination_of(href.source) for href in message.hrefs)
    return {addresses.host_of(each) for each in found if each} - {""}


def _says_the_same(text: str, html: str) -> bool:
    words = {word.casefold() for word in _WORD.findall(text)}
    if len(words) < FEWEST_WORDS:
        return True
    shared = words & {word.casefold() for word in _WORD.findall(html)}
    return len(shared) >= FEWEST_SHARED * len(words)


CHECKS = (no_text_part, different_text)
