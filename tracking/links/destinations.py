"""Destinations of the links in launched content."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

import idna
from django.utils.encoding import iri_to_uri

from campaigns.models import Content, SubTask
from campaigns.rendering import content
from campaigns.rendering.html.hrefs import MAX_DESTINATION, destination_of, site_of
from tracking.models import Link

MOST_CHARACTERS = 6 * MAX_DESTINATION
"""The longest HTML-escaped URL."""


class Destination(NamedTuple):
    """A `Link` as cached in memory."""

    destination: str
    is_personal: bool


def link(link_id: int) -> Destination | None:
    """None if there is no such link: its launch was undone."""
    try:
        return _link(link_id)
    except Link.DoesNotExist:
        return None


@lru_cache(maxsize=10_000)
def _link(link_id: int) -> Destination:
    """Links never change, so rows that were read are cached for good; missing ones are read
    again."""
    return Destination(*Link.objects.values_list("destination", "is_personal").get(pk=link_id))


def resolve(link: Destination, subtask_id: int) -> str | None:
    """The URL to redirect to, for this recipient; None when it is gone.

    Only the values in a personal link are the recipient's: scheme and host are always as its author
    wrote them.
    """
    if not link.is_personal:
        return link.destination
    variables = SubTask.objects.filter(pk=subtask_id).values_list("variables", flat=True).first()
    if variables is None:
        return None
    try:
        rendered = content.render(_as_content(link.destination), variables).html
    except content.RenderError:
        return None
    if len(rendered) > MOST_CHARACTERS:
        return None
    address = destination_of(rendered)
    site = site_of(link.destination)
    return address if address and site and address.startswith(site) else None


def location(address: str) -> str:
    """A URL as a header takes it: in ASCII, with its host in the form that DNS uses, which other
    clients than browsers understand, too."""
    site = urlsplit(address).netloc
    if site.isascii():
        return iri_to_uri(address)
    user, at, host = site.rpartition("@")
    name, colon, port = host.partition(":")
    try:
        name = idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        return iri_to_uri(address)
    return iri_to_uri(address.replace(site, f"{user}{at}{name}{colon}{port}", 1))


def _as_content(source: str) -> Content:
    """The href alone, rendered as in the message: with values escaped for HTML."""
    return Content(subject="", html=source, text="-")
