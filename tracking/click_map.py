"""A campaign's message with, at each link, how many people followed it."""

from __future__ import annotations

import re
from copy import copy
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.translation import gettext

from admin_kit.words.numbers import percent
from campaigns.models import Content
from campaigns.preflight import samples
from campaigns.rendering import content
from sandbox import Failed
from tracking.event_kinds import Actor
from tracking.events.inbox import LONGEST_URL
from tracking.links import personalise
from tracking.models import Link, LinkTally

# What tracking.links.rewrite leaves in the place of a link's address, and the rest of its tag: so
# much at most, for a text without an end of it must not be walked for each link.
_LINK = re.compile(r"\{\{\s{0,9}" + personalise.LINK + r"(\d{1,6})\s{0,9}\}\}[^>]{0,4000}>")
BADGE = (
    '<span style="background:#111827;border-radius:9px;color:#fff;display:inline-block;'
    "font:bold 12px/18px sans-serif;margin:0 4px 0 0;padding:0 6px;text-decoration:none;"
    'vertical-align:middle">{}</span>'
)


class ClickMap(NamedTuple):
    """`html` is "" where `trouble` says why it cannot be shown."""

    html: str
    trouble: str = ""


def click_map_of(frozen: Content) -> ClickMap:
    """With sample values, and links that record nothing. A link that stands there twice is one of
    two here: both have the number of all its clicks."""
    shown = copy(frozen)
    shown.html, shown.precompiled = _marked(frozen), None
    values = {**samples.variables(shown, None), personalise.OPEN_URL: ""}
    try:
        return ClickMap(content.render(shown, values).html)
    except content.ContentError as error:
        return ClickMap("", str(error))
    except Failed:
        return ClickMap("", str(content.NOT_NOW))


def _marked(frozen: Content) -> str:
    people, total = _people(frozen)

    def mark(found: re.Match[str]) -> str:
        number = people.get(int(found[1]))
        return found[0] if number is None else found[0] + _badge(number, total)

    return _LINK.sub(mark, frozen.html)


def _badge(number: int, total: int) -> str:
    share = f" · {percent(number, total, decimals=0)}" if total else ""
    return str(format_html(BADGE, f"{number:,}{share}"))


def _people(frozen: Content) -> tuple[dict[int, int], int]:
    """How many people followed each link, by its number in the message, and the sum."""
    destinations = dict(
        Link.objects.filter(pk__in=frozen.link_ids).values_list("pk", "destination")
    )
    urls = {pk: destination[:LONGEST_URL] for pk, destination in destinations.items()}
    tallies = LinkTally.objects.filter(
        task_id=frozen.task_id, actor=Actor.PERSON, url__in=set(urls.values())
    )
    numbers = dict(tallies.values_list("url", "recipients"))
    people = {
        position: numbers.get(urls[pk], 0)
        for position, pk in enumerate(frozen.link_ids)
        if pk in urls
    }
    return people, sum(numbers.values())


def described(frozen: Content) -> str:
    """What stands for it in a list to choose from."""
    if not frozen.language:
        return frozen.subject
    return gettext("%(subject)s (%(language)s)") % {
        "subject": frozen.subject,
        "language": frozen.language,
    }
