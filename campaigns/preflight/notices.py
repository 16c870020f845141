"""Notices about a template, shown beside its preview."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from django.utils.translation import gettext

from campaigns.rendering.content import LABELS, CompiledContent
from campaigns.rendering.liquid.environment import line_at
from campaigns.rendering.template_work import PartProblem
from sandbox import Failed, LimitReached

MOST_BRACES = 5
FIELDS = ("subject", "preview_text", "html", "text")
FROM_HTML: list[Callable[[str], list[str]]] = []
"""Functions of dependent apps (tracking) that return notices. They may raise PartProblem."""

_NAME = r"[^\W\d][\w.-]{0,60}(?:\s{0,3}\|[^{}\n]{0,100})?"
_ODD_BRACES = re.compile(
    rf"""(?<!\{{)\{{\s{{1,3}}\{{\s{{0,3}}(?P<spaced>{_NAME})\s{{0,3}}\}}\s{{0,3}}\}}
    |(?<!\{{)\{{\s{{0,3}}(?P<single>{_NAME})\s{{0,3}}\}}(?:\s{{0,3}}\}})?
    |\{{\s{{1,3}}%\s{{0,3}}(?P<tag>[^\W\d][^{{}}%\n]{{0,100}}?)\s{{0,3}}%\s{{0,3}}\}}
    |<(?P<program>style|script)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What was most likely meant to be Liquid, and is text; or a program, which is passed over."""
_END_OF = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("style", "script")}


def of_html(html: str) -> list[str]:
    """Returns none for a template that cannot be read: it is refused elsewhere."""
    try:
        return [notice for each in FROM_HTML for notice in each(html)]
    except (PartProblem, LimitReached, Failed):
        return []


def of_template(template: CompiledContent) -> list[str]:
    return [*of_braces_in(template), *of_html(template.html)]


class Odd(NamedTuple):
    """Malformed Liquid braces, which would be sent as text; `line` counts from 1."""

    field: str
    line: int
    text: str


def of_braces_in(template: CompiledContent) -> list[str]:
    return [odd.text for odd in braces_in(template)]


def braces_in(template: CompiledContent) -> Iterator[Odd]:
    for field in FIELDS:
        yield from braces(getattr(template, field), field)


def braces(source: str, field: str = "html") -> list[Odd]:
    return [_of_one(match, source, field) for match in islice(_odd_braces(source), MOST_BRACES)]


def _odd_braces(source: str) -> Iterator[re.Match[str]]:
    """Style sheets and scripts have braces of their own."""
    at = 0
    while match := _ODD_BRACES.search(source, at):
        at = match.end()
        if not match["program"]:
            yield match
        elif end := _END_OF[match["program"].lower()].search(source, at):
            at = end.end()
        else:
            return


def _of_one(match: re.Match[str], source: str, field: str) -> Odd:
    name, tag = match["spaced"] or match["single"], match["tag"]
    meant = f"{{{{ {name.strip()} }}}}" if name else f"{{% {tag.strip()} %}}"
    written = " ".join(match[0].split())
    line = line_at(source, match.start())
    text = gettext(
        "%(part)s, line %(line)s: “%(written)s” is sent as it stands. Did you mean %(meant)s?"
    )
    values = {"part": LABELS[field], "line": line, "written": written, "meant": meant}
    return Odd(field, line, text % values)
