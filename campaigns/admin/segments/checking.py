"""What is wrong with a draft of a condition, and where."""

from __future__ import annotations

from campaigns.admin.segments import draft as drafts
from campaigns.admin.segments.draft import Group, Line, Path
from campaigns.models import Segment
from campaigns.segments.fields import Catalogue
from campaigns.segments.matching import checked
from campaigns.segments.tree import EMPTY, ConditionError

EMPTY_GROUP = "Add a line to this group, or remove it."


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


def complete_part(owner_id: int, draft: Group, segment: Segment | None) -> tuple[object, int]:
    """The condition of those lines that are right, as JSON, None when there is none; and how many
    lines are left out."""
    catalogue = Catalogue(owner_id)
    left_out = 0

    def kept(item: Group | Line) -> dict[str, object] | None:
        nonlocal left_out
        if isinstance(item, Line):
            wrong = _problem(item, (), catalogue, segment)
            left_out += bool(wrong)
            return None if wrong else drafts.raw(item, catalogue)
        lines = [line for each in item.items if (line := kept(each))]
        return {"match": item.match, "lines": lines} if lines else None

    return kept(draft), left_out


def _problem(item: Group | Line, path: Path, catalogue: Catalogue, segment: Segment | None) -> str:
    if isinstance(item, Group):
        return "" if item.items else (EMPTY_GROUP if path else EMPTY)
    try:
        alone = {"match": "all", "lines": [drafts.raw(item, catalogue)]}
        checked(catalogue.owner_id, alone, segment)
    except ConditionError as error:
        return error.message
    return ""
