"""A condition while it is being built: groups and lines as they were posted, complete or not."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from campaigns.admin.segments import controls
from campaigns.segments.fields import Catalogue
from campaigns.segments.tree import MATCHES, MAX_DEPTH, MAX_LINES

Path = tuple[int, ...]
ROOT = "c"
NAME = re.compile(r"c((?:-[0-9]{1,3}){0,8})__([a-z_]{1,20})", re.ASCII)
MOST_NODES = 2 * MAX_LINES
"""Of what is posted and shown again; more is refused when it is saved."""
DO = "_do"
"""The name of the buttons that change the form and save nothing: `line:c-0`, `remove:c-0-1`."""


@dataclass
class Line:
    field: str = ""
    operator: str = ""
    parts: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    """What was entered, by the name of its control; also for operators chosen before."""


@dataclass
class Group:
    match: str = "all"
    items: list[Group | Line] = dataclasses.field(default_factory=list)

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, Group | Line]]:
        """Itself and all within, each with where it is."""
        yield path, self
        for number, item in enumerate(self.items):
            if isinstance(item, Group):
                yield from item.walk((*path, number))
            else:
                yield (*path, number), item

    def at(self, path: Path) -> Group | Line | None:
        return dict(self.walk()).get(path)


def new() -> Group:
    return Group(items=[Line()])


def name_of(path: Path) -> str:
    return "-".join([ROOT, *map(str, path)])


def path_of(name: str) -> Path | None:
    found = NAME.fullmatch(f"{name}__x")
    return tuple(int(each) for each in found[1].split("-")[1:]) if found else None


def posted(data: QueryDict | Mapping[str, Any]) -> tuple[Group, Path]:
    """The condition in a form, after the button that was pressed; and which line to go on with."""
    draft = read(data)
    done, _, where = str(data.get(DO, "")).partition(":")
    path = path_of(where)
    if path is None or done not in STEPS:
        return draft, ()
    return draft, STEPS[done](draft, path)


def read(data: Any) -> Group:
    """The groups and lines in the order of their names; without those that are in no group."""
    nodes = _nodes(data)
    root = Group(_match(nodes.get((), {})))
    groups: dict[Path, Group] = {(): root}
    for path in sorted(nodes, key=lambda each: (len(each), each))[: MOST_NODES + 1]:
        if path and (within := groups.get(path[:-1])) is not None:
            item = _item(nodes[path])
            within.items.append(item)
            if isinstance(item, Group):
                groups[path] = item
    return root


def _nodes(data: Any) -> dict[Path, dict[str, list[str]]]:
    nodes: dict[Path, dict[str, list[str]]] = {}
    for name in data:
        if found := NAME.fullmatch(name):
            path = tuple(int(each) for each in found[1].split("-")[1:])
            nodes.setdefault(path, {})[found[2]] = data.getlist(name)
    return nodes


def _item(values: dict[str, list[str]]) -> Group | Line:
    if "match" in values:
        return Group(_match(values))
    field_name, operator = (values.pop(name, [""])[-1] for name in ("field", "operator"))
    return Line(field_name, operator, values)


def _match(values: dict[str, list[str]]) -> str:
    match = values.get("match", ["all"])[-1]
    return match if match in MATCHES else "all"


# What the buttons do: each returns the path of what is worked on next.


def _add(draft: Group, path: Path, item: Group | Line) -> Path:
    group = draft.at(path)
    if not isinstance(group, Group):
        return ()
    group.items.append(item)
    return (*path, len(group.items) - 1)


def _add_line(draft: Group, path: Path) -> Path:
    return _add(draft, path, Line())


def _add_group(draft: Group, path: Path) -> Path:
    if len(path) + 2 > MAX_DEPTH:
        return path
    added = _add(draft, path, Group("any", [Line()]))
    return (*added, 0) if added else ()


def _remove(draft: Group, path: Path) -> Path:
    within = draft.at(path[:-1])
    if path and isinstance(within, Group) and path[-1] < len(within.items):
        del within.items[path[-1]]
    return path[:-1]


STEPS = {"line": _add_line, "group": _add_group, "remove": _remove}


# To and from what is stored


def raw(item: Group | Line, catalogue: Catalogue) -> dict[str, object]:
    """As `campaigns.segments` reads it; a line may be incomplete."""
    if isinstance(item, Group):
        return {"match": item.match, "lines": [raw(each, catalogue) for each in item.items]}
    return {
        "field": item.field,
        "operator": item.operator,
        "value": controls.value_of(item, controls.input_of(item, catalogue), item.parts),
    }


def from_stored(stored: object, catalogue: Catalogue) -> Group:
    """Of what cannot be read, what can."""
    item = _from_stored(stored, catalogue, 1)
    return item if isinstance(item, Group) and item.items else new()


def _from_stored(stored: object, catalogue: Catalogue, depth: int) -> Group | Line | None:
    if not isinstance(stored, dict) or depth > MAX_DEPTH + 1:
        return None
    if isinstance(lines := stored.get("lines"), list):
        items = [_from_stored(each, catalogue, depth + 1) for each in lines[:MAX_LINES]]
        return Group(_match({"match": [str(stored.get("match"))]}), [i for i in items if i])
    line = Line(str(stored.get("field", "")), str(stored.get("operator", "")))
    line.parts = controls.parts_of(controls.input_of(line, catalogue), stored.get("value"))
    return line
