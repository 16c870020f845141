"""What is wrong with a draft of a condition, and where."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from campaigns.admin.segments import controls
from campaigns.admin.segments import draft as drafts
from campaigns.admin.segments.draft import Group, Line, Path
from campaigns.models import Segment
from campaigns.segments.fields import Catalogue
from campaigns.segments.matching import checked
from campaigns.segments.tree import EMPTY, ConditionError

EMPTY_GROUP = _("Add a line to this group, or remove it.")


def problems(owner_id: int, draft: Group, segment: Segment | None) -> dict[Path, str]:
    """Of every line and group, in words for staff; of the whole where each is right by itself."""
    catalogue = Catalogue(owner_id)
    found = {
        path: problem
        for path, item in draft.walk()
        if (problem := _problem(item, path, catalogue, segment))
    }
    if found:
        return found
    try:
        checked(owner_id, drafts.raw(draft, catalogue), segment)
    except ConditionError as error:
        return {tuple(each for each in error.path if isinstance(each, int)): error.message}
    return {}


@dataclass
class Complete:
    """The part of a draft that can be counted: `condition` as JSON, None when there is none.
    `left_out` is the number of its other lines; `wrong` says what is wrong with those of them that
    are filled in."""

    condition: object = None
    left_out: int = 0
    wrong: list[str] = field(default_factory=list)


def complete_part(owner_id: int, draft: Group, segment: Segment | None) -> Complete:
    catalogue = Catalogue(owner_id)
    found = Complete()

    def kept(item: Group | Line) -> dict[str, object] | None:
        if isinstance(item, Group):
            lines = [line for each in item.items if (line := kept(each))]
            return {"match": item.match, "lines": lines} if lines else None
        problem = _problem(item, (), catalogue, segment)
        if not problem:
            return drafts.raw(item, catalogue)
        found.left_out += 1
        found.wrong += [problem] if _is_filled_in(item, catalogue) else []
        return None

    found.condition = kept(draft)
    return found


def _is_filled_in(line: Line, catalogue: Catalogue) -> bool:
    names = controls.names_for(line, controls.input_of(line, catalogue), line.parts)
    return bool(names) and all(any(line.parts.get(name, ())) for name in names)


def _problem(item: Group | Line, path: Path, catalogue: Catalogue, segment: Segment | None) -> str:
    if isinstance(item, Group):
        return "" if item.items else str(EMPTY_GROUP if path else EMPTY)
    try:
        alone = {"match": "all", "lines": [drafts.raw(item, catalogue)]}
        checked(catalogue.owner_id, alone, segment)
    except ConditionError as error:
        return error.message
    return ""
