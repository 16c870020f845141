"""Which block of a template is not closed, and which tag stands outside of the block it belongs to.

python-liquid says no more than which tag it expected, and of what is not closed no line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from django.utils.translation import gettext

MOST_SHOWN = 60
"""Characters of a tag in a message."""
_INSIDE = {
    "else": ("if", "unless", "case", "for"),
    "elsif": ("if", "unless"),
    "when": ("case",),
}
"""Tags that divide a block, by the blocks they may stand in."""


class Tag(NamedTuple):
    """One tag of a template, in the order of the source."""

    name: str
    written: str
    line: int

    @property
    def is_marked(self) -> bool:
        """Not in {% liquid %}, where each line is a tag."""
        return self.written.startswith("{%")


class Misplaced(Exception):
    """`line` is that of the tag to blame, counted from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message, line)
        self.message, self.line = message, line


def refuse_misplaced(tags: Iterable[Tag], ends: Mapping[str, str], known: Collection[str]) -> None:
    """Raise Misplaced for the first that is. `ends` has by each tag that opens a block the one that
    closes it; `known` are all tags there are.
    """
    opened: list[Tag] = []
    openers = {end: name for name, end in ends.items()}
    names = {*known, *ends, *openers, *_INSIDE}
    for tag in tags:
        if opened and opened[-1].name == "comment" and tag.name not in ("comment", "endcomment"):
            continue
        if tag.name in ends:
            opened.append(tag)
        elif tag.name == "liquid" and tag.is_marked:
            refuse_misplaced(_lines_of(tag), ends, known)
        elif tag.name in openers:
            _close(tag, opened, openers[tag.name], ends)
        elif tag.name in _INSIDE:
            _refuse_outside(tag, opened, ends)
        elif tag.name not in names:
            raise Misplaced(_unknown(tag, opened, names, ends), tag.line)
    if opened:
        raise _not_closed(opened[-1], ends)


def _lines_of(liquid: Tag) -> Iterator[Tag]:
    """It closes what it opens."""
    text = liquid.written[2:-2].strip("-")
    for number, line in enumerate(text.split("\n"), start=liquid.line):
        written = line.strip().removeprefix("liquid").strip() if number == liquid.line else line
        if words := written.split(None, 1):
            yield Tag(words[0], written.strip(), number)


def _close(tag: Tag, opened: list[Tag], opener: str, ends: Mapping[str, str]) -> None:
    if opened and opened[-1].name == opener:
        opened.pop()
        return
    if any(each.name == opener for each in opened):
        raise _not_closed(opened[-1], ends, before=tag)
    instead = ""
    if opened:
        last = opened[-1]
        end = _like(last, ends[last.name])
        instead = gettext("; %(tag)s on line %(line)s is closed by %(end)s") % {
            "tag": _quoted(last.written),
            "line": last.line,
            "end": end,
        }
    begin = _like(tag, opener)
    raise Misplaced(
        gettext("unexpected tag '%(tag)s': no %(begin)s is open%(instead)s")
        % {"tag": tag.name, "begin": begin, "instead": instead},
        tag.line,
    )


def _refuse_outside(tag: Tag, opened: list[Tag], ends: Mapping[str, str]) -> None:
    blocks = _INSIDE[tag.name]
    if opened and opened[-1].name in blocks:
        return
    if any(each.name in blocks for each in opened):
        raise _not_closed(opened[-1], ends, before=tag)
    where = gettext(" or ").join(_like(tag, block) for block in blocks)
    raise Misplaced(
        gettext("unexpected tag '%(tag)s': it belongs inside %(where)s")
        % {"tag": tag.name, "where": where},
        tag.line,
    )


def _not_closed(tag: Tag, ends: Mapping[str, str], before: Tag | None = None) -> Misplaced:
    place = (
        gettext(" before %(tag)s on line %(line)s")
        % {"tag": _quoted(before.written), "line": before.line}
        if before
        else ""
    )
    missing = _like(tag, ends[tag.name])
    return Misplaced(
        gettext("%(tag)s is not closed: %(missing)s is missing%(place)s")
        % {"tag": _quoted(tag.written), "missing": missing, "place": place},
        tag.line,
    )


def _unknown(tag: Tag, opened: list[Tag], names: set[str], ends: Mapping[str, str]) -> str:
    said = gettext("unexpected tag '%(tag)s'") % {"tag": tag.name[:MOST_SHOWN]}
    if tag.name == "end" and opened:
        last = opened[-1]
        end = _like(last, ends[last.name])
        return gettext("%(said)s: %(tag)s on line %(line)s is closed by %(end)s") % {
            "said": said,
            "tag": _quoted(last.written),
            "line": last.line,
            "end": end,
        }
    close = get_close_matches(tag.name[:MOST_SHOWN], sorted(names), n=1, cutoff=0.75)
    return (
        gettext("%(said)s: did you mean %(tag)s?") % {"said": said, "tag": _like(tag, close[0])}
        if close
        else said
    )


def _like(tag: Tag, text: str) -> str:
    """A tag written as this one is: in {% liquid %} they have no marks."""
    return f"'{{% {text} %}}'" if tag.is_marked else f"'{text}'"


def _quoted(written: str) -> str:
    text = " ".join(written[: 2 * MOST_SHOWN].split())
    return f"'{text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + '…'}'"
