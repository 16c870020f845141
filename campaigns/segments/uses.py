"""What uses a segment or another row, and so must be changed before that is deleted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from campaigns.models import Operation, Segment, Tag, Task
from campaigns.segments import tree
from campaigns.segments.fields import ENGAGEMENT
from campaigns.segments.tree import ConditionError, Line

NAMED = {Tag: "tag", Segment: "segment", Operation: "imported"}


def take_turn(owner_id: int) -> None:
    """Until the end of the transaction no other condition of this owner is checked and saved: two
    that are saved at once could each come to use the other."""
    User.objects.select_for_update(no_key=True).get(pk=owner_id)


def tasks_using(segment: Segment) -> QuerySet[Task]:
    """The tasks whose audience includes or excludes a segment, drafts and launched ones."""
    used = Q(include_segments=segment) | Q(exclude_segments=segment)
    tasks: QuerySet[Task] = Task.objects.filter(used).distinct()
    return tasks


def segments_using(row: Tag | Segment | Task | Operation) -> list[Segment]:
    """The segments of the row's owner with a line that names it."""
    own = Segment.objects.filter(owner=row.owner_id)
    return [segment for segment in own if _names(segment, row)]


def segments_within(segment: Segment) -> set[int]:
    """The keys of the segments that its lines name."""
    try:
        lines = list(tree.read(segment.condition).lines())
    except ConditionError:
        return set()
    named = (line.value for line in lines if line.field == NAMED[Segment])
    return {value for value in named if isinstance(value, int)}


def conditions_of(segments: Iterable[Segment]) -> dict[int, object]:
    """The conditions of segments, and of those that they use, by their keys."""
    return {each.pk: each.condition for each in _with_used(segments, _stored)}


def conditions_of_each(groups: Iterable[Collection[Segment]]) -> list[dict[int, object]]:
    """The same of each group, in as many queries for one as for all."""
    groups = list(groups)
    known = _with_used((each for group in groups for each in group), _stored)

    def among_known(keys: Collection[int], owners: Collection[int]) -> list[Segment]:
        return [each for each in known if each.pk in keys and each.owner_id in owners]

    return [
        {each.pk: each.condition for each in _with_used(group, among_known)} for group in groups
    ]


Find = Callable[[Collection[int], Collection[int]], Iterable[Segment]]
"""The segments with these keys of these owners."""


def _with_used(segments: Iterable[Segment], find: Find) -> list[Segment]:
    """Also those that they use, each once."""
    found: dict[int, Segment] = {}
    wanted = list(segments)
    while wanted:
        found.update((each.pk, each) for each in wanted)
        within = set().union(*(segments_within(each) for each in wanted)) - found.keys()
        wanted = list(find(within, {each.owner_id for each in wanted}))
    return list(found.values())


def _stored(keys: Collection[int], owners: Collection[int]) -> Iterable[Segment]:
    return Segment.objects.filter(pk__in=keys, owner__in=owners)


def _names(segment: Segment, row: Tag | Segment | Task | Operation) -> bool:
    try:
        lines = list(tree.read(segment.condition).lines())
    except ConditionError:
        return False
    return any(_is_named(line, row) for line in lines)


def _is_named(line: Line, row: Tag | Segment | Task | Operation) -> bool:
    if isinstance(row, Task):
        is_of_one = line.field in ENGAGEMENT and isinstance(line.value, dict)
        return is_of_one and line.value.get("campaign") == row.pk  # type: ignore[attr-defined]
    return line.field == NAMED[type(row)] and line.value == row.pk
