"""The shape of a condition: groups and lines, with the limits of their number and depth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

MATCHES = {
    "all": _("all of these hold"),
    "any": _("any of these holds"),
    "none": _("none of these holds"),
}
"""How a group combines its lines, with the words for it."""
MAX_DEPTH = 5
MAX_LINES = 50
EMPTY = _("Add a line: a segment without one would hold every contact.")
Path = tuple[int | str, ...]
"""Where in a condition: the indexes of the lines from the outermost group on, then the part of the
line, such as `(0, 2, "value")`."""


class ConditionError(Exception):
    """A condition that cannot be used; the message, for staff, says why, and `path` where."""

    def __init__(self, message: str, path: Path = ()) -> None:
        super().__init__(message)
        self.message, self.path = message, path


@dataclass(frozen=True, slots=True)
class Line:
    field: str
    operator: str
    value: object
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Group:
    match: str
    items: tuple[Group | Line, ...]
    path: Path = ()

    def lines(self) -> Iterator[Line]:
        """All lines, also those of groups within."""
        for item in self.items:
            if isinstance(item, Line):
                yield item
            else:
                yield from item.lines()


def read(raw: object) -> Group:
    """Read the shape alone: no field is looked up. Raises ConditionError."""
    if not isinstance(raw, dict) or not raw:
        raise ConditionError(str(EMPTY))
    group = _group(raw, (), 1)
    if sum(1 for _ in group.lines()) > MAX_LINES:
        raise ConditionError(
            gettext("These are more than %(most)s lines. Put some in another segment.")
            % {"most": MAX_LINES}
        )
    return group


def _group(raw: dict[object, object], path: Path, depth: int) -> Group:
    match, lines = raw.get("match"), raw.get("lines")
    if not isinstance(match, str) or match not in MATCHES or not isinstance(lines, list):
        raise ConditionError(gettext("This is no group of lines."), path)
    if depth > MAX_DEPTH:
        raise ConditionError(
            gettext("Groups can be nested %(most)s deep.") % {"most": MAX_DEPTH}, path
        )
    if not lines:
        raise ConditionError(
            str(EMPTY) if depth == 1 else gettext("Add a line to this group."), path
        )
    if len(lines) > MAX_LINES:
        raise ConditionError(
            gettext("These are more than %(most)s lines.") % {"most": MAX_LINES}, path
        )
    items = tuple(_item(each, (*path, at), depth) for at, each in enumerate(lines))
    return Group(match, items, path)


def _item(raw: object, path: Path, depth: int) -> Group | Line:
    if not isinstance(raw, dict):
        raise ConditionError(gettext("This is no line."), path)
    if "match" in raw:
        return _group(raw, path, depth + 1)
    field, operator = raw.get("field"), raw.get("operator")
    if not isinstance(field, str) or not field:
        raise ConditionError(gettext("Choose a field."), (*path, "field"))
    if not isinstance(operator, str) or not operator:
        raise ConditionError(gettext("Choose what is asked of the field."), (*path, "operator"))
    return Line(field, operator, raw.get("value"), path)


def write(item: Group | Line) -> dict[str, object]:
    """The JSON of a condition, as `read` reads it."""
    if isinstance(item, Line):
        return {"field": item.field, "operator": item.operator, "value": item.value}
    return {"match": item.match, "lines": [write(each) for each in item.items]}
