"""Checks of links, and of the way out that every message needs."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from urllib.parse import unquote

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns.preflight.checklist import addresses
from campaigns.preflight.checklist.document import Link
from campaigns.preflight.checklist.findings import Finding, Level, Page
from campaigns.preflight.checklist.message import Message, Spot, short
from campaigns.rendering.html.hrefs import unescape_attribute
from campaigns.rendering.html.shown_addresses import is_address
from campaigns.rendering.liquid.environment import blocks_in, markup_in
from campaigns.wording import filled

LOOKED_THROUGH = 10_000
"""Characters at either end of a message, in which an address is looked for."""
_UNSUBSCRIBE = re.compile(r"\{\{-?\s*unsubscribe_url\b")
_EMAIL = re.compile(r"[^\s@<>]++@[^\s@<>.]++(?:\.[^\s@<>.]++)++")
_SAID = {
    "empty": (
        _("no address"),
        _("A click does nothing."),
        _("Give each an address, or make it plain text."),
    ),
    "form": (
        _("an address that is broken in form"),
        _("A click leads nowhere, or to an error."),
        _("Write the whole address, beginning with https://."),
    ),
    "private": (
        _("an address that no recipient can reach, or that looks forged"),
        _("A click ends in an error, and filters take such links for a forgery."),
        _("Use the public name of the site."),
    ),
    "user": (
        _("a user name before the host"),
        _("Mail programs and filters warn of it: it hides where the link leads."),
        _("Take out what stands before the @."),
    ),
    "http": (
        _("an address that is not encrypted (http:)"),
        _("It can be read and changed on the way, and browsers and filters warn of it."),
        _("Use https://."),
    ),
}


def broken_links(message: Message) -> Iterator[Finding]:
    """One finding for each kind of mistake."""
    found: dict[str, list[Spot]] = {}
    for href in message.hrefs:
        address = unescape_attribute(href.source)
        for kind, why in addresses.wrong_with(address):
            found.setdefault(kind, []).append(Spot(href.start, address, why))
        if name := _lost_anchor(message, address.strip()):
            why = gettext("names no place in the message")
            found.setdefault("form", []).append(Spot(href.start, name, why))
    for kind, spots in found.items():
        what, means, mend = _SAID[kind]
        text = ngettext(
            "%(count)s link has %(what)s.", "%(count)s links have %(what)s.", len(spots)
        )
        said = text % {"count": f"{len(spots):,}", "what": f"{what}{spots[0].example}"}
        yield message.placed(
            Finding(f"links_{kind}", Level.WARNING, said, str(means), str(mend)), spots
        )


def _lost_anchor(message: Message, address: str) -> str:
    """An address within the message that leads to no place in it, else ""."""
    if not address.startswith("#") or len(address) == 1 or any(markup_in(address)):
        return ""
    is_known = unquote(address[1:]) in message.document.ids or address.lower() == "#top"
    return "" if is_known else address


def forged_texts(message: Message) -> Iterator[Finding]:
    """Links whose text shows another address than they lead to."""
    found = []
    for href in message.hrefs:
        text, address = " ".join(href.text.split()), unescape_attribute(href.source).strip()
        if shown := _shows_another(text, address):
            found.append(
                Spot(href.start, address, gettext("is shown as %(text)s") % {"text": short(shown)})
            )
    if found:
        text = ngettext(
            "%(count)s link shows one address and leads to another%(example)s.",
            "%(count)s links show one address and lead to another%(example)s.",
            len(found),
        )
        finding = Finding(
            "forged_texts",
            Level.WARNING,
            text % {"count": f"{len(found):,}", "example": found[0].example},
            gettext("That is how forged messages look: mail programs and filters warn of it."),
            gettext("Show words, or the address that the link leads to."),
        )
        yield message.placed(finding, found)


def _shows_another(text: str, address: str) -> str:
    """What is shown; "" where it is the same site, or where either is not known."""
    if any(markup_in(text)) or not text:
        return ""
    if address.lower().startswith("mailto:"):
        shown, leads = _EMAIL.fullmatch(text), address[len("mailto:") :].partition("?")[0]
        differs = shown and not any(markup_in(leads)) and leads.casefold() != text.casefold()
        return text if differs else ""
    first = next(markup_in(address), None)
    if not is_address(text) or (first and address[: first.start].count("/") < 3):
        return ""
    shown_host, host = addresses.host_of(text), addresses.host_of(address)
    return text if shown_host and host and shown_host != host else ""


def empty_links(message: Message) -> Iterator[Finding]:
    """Links that readers cannot see, for they have neither words nor an image."""
    found = [
        Spot(link.start, link.href)
        for link in message.document.links
        if link.href.strip() and not (link.text or link.has_image or link.is_hidden)
    ]
    if found:
        finding = Finding(
            "empty_links",
            Level.NOTE,
            filled(
                ngettext(
                    "%(count)s link without words or an image.",
                    "%(count)s links without words or an image.",
                    len(found),
                ),
                len(found),
            ),
            gettext("There is nothing to click."),
            gettext("Write words between <a> and </a>, or take it out."),
        )
        yield message.placed(finding, found)


def _no_way_out() -> Finding:
    return Finding(
        "unsubscribe_link",
        Level.BLOCKER,
        gettext("There is no unsubscribe link that every reader sees."),
        gettext(
            "The law asks for one, and without it readers report the message as spam. A footer "
            "with a link "
            "is added where there is none; a link without words, a hidden one, or a comment or "
            "style sheet "
            "that does not end keep it away."
        ),
        gettext(
            'Write <a href="{{ unsubscribe_url }}">Unsubscribe</a> where it is seen, and close '
            "every "
            "comment and style sheet."
        ),
    )


def _footer() -> Finding:
    return Finding(
        "unsubscribe_link",
        Level.NOTE,
        gettext("The template has no unsubscribe link."),
        gettext("A footer with one is added below the message."),
        gettext(
            "Nothing has to be done. To say where it stands and how it looks, use {{ "
            "unsubscribe_url }}."
        ),
    )


def unsubscribe_link(message: Message) -> Iterator[Finding]:
    """Of what would be frozen, with the footer that is added where the template has no link."""
    if not message.frozen_html:
        return
    if not _ways_out(message):
        own = [link for link in message.document.links if _UNSUBSCRIBE.search(link.href)]
        yield message.placed(_no_way_out(), [Spot(link.start, link.href) for link in own])
    elif not _UNSUBSCRIBE.search(message.written.html):
        yield _footer()


def _ways_out(message: Message) -> list[Link]:
    """Those that everyone sees."""
    blocks = blocks_in(message.frozen_html)
    return [
        link
        for link in message.frozen.links
        if _UNSUBSCRIBE.match(link.href.strip()) and _is_seen(link)
        and not _is_in(blocks, link.start)
    ]  # fmt: skip


def _is_seen(link: Link) -> bool:
    return not link.is_hidden and bool(link.text or link.has_image)


def _is_in(spans: list[tuple[int, int]], place: int) -> bool:
    after = bisect_right(spans, place, key=lambda span: span[0])
    return after > 0 and place < spans[after - 1][1]


_ADDRESS = re.compile(
    r"\bp\.?\s?o\.?\s?box\b|\bpostfach\b|"
    r"\b\d{1,6}[a-z]?,?\s+(?:[\w.'’-]{1,30}\s+){1,4}"
    r"(?:street|road|avenue|ave|lane|boulevard|blvd|parkway|pkwy|highway)\b|"
    r"\b[\w-]{2,40}(?:straße|strasse|str\.|weg|platz|allee|gasse|straat|gatan|vej|gade)\s+\d|"
    r"\b(?:rue|boulevard|viale|calle|avenida)\s+\w|"
    r"[省市区區縣県].{0,20}[路街道号號]|[都道府県].{0,20}[市区町村]",
    re.IGNORECASE,
)
_POST_CODE = re.compile(
    r"\b[A-Z]{2},?\s+\d{5}(?:-\d{4})?\b|\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b|"
    r"\b[A-Z]\d[A-Z]\s?\d[A-Z]\d\b|\b(?:[A-Z]{1,2}-)\d{4,6}\s+\w|"
    r"\b\d{5}\s+[A-ZÄÖÜÉ][a-zäöüßé]{2,}|"
    r"\b\d{1,6}\s+(?:[A-Z][\w.'’-]{0,30}\s+){1,3}(?:St|Rd|Dr|Ct|Pl|Sq|Way|Court|Place|Square|Drive)\b"
)
_ADDRESS_VARIABLE = re.compile(r"\{\{-?\s*[\w.]*(?:postal|address|impressum|street)\w*", re.I)


def _has_address(said: str) -> bool:
    """By what addresses look like, at the beginning and the end of a text."""
    ends = (
        said if len(said) <= 2 * LOOKED_THROUGH else said[:LOOKED_THROUGH] + said[-LOOKED_THROUGH:]
    )
    return bool(_ADDRESS.search(ends) or _POST_CODE.search(ends))


def postal_address(message: Message) -> Iterator[Finding]:
    """The sender's has to be in the message, or one that is written there."""
    if not message.frozen_html:
        return
    said = message.frozen.text
    lines = [" ".join(line.split()) for line in message.postal_address.splitlines()]
    if any(lines) and all(line in said for line in lines if line):
        return
    if _has_address(said) or _ADDRESS_VARIABLE.search(message.frozen_html):
        return
    has_own = bool(_UNSUBSCRIBE.search(message.written.html))
    yield Finding(
        "postal_address",
        Level.WARNING,
        gettext("The message shows no postal address: the sender’s is added with the footer, and "
                "this template has a way out of its own.")
        if any(lines) else gettext("The message shows no postal address, and its sender has none."),
        gettext("The law of many countries asks for one in advertising (CAN-SPAM in the United "
        "States, CASL in Canada, the duty of an imprint in Europe)."),
        gettext("Write it into the template.") if has_own and any(lines)
        else gettext("Give the sender a postal address: it is shown below the message."),
        page=Page.NONE if has_own and any(lines) else Page.SENDER,
    )  # fmt: skip


CHECKS = (unsubscribe_link, postal_address, broken_links, forged_texts, empty_links)
