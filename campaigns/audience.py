"""The audience of a task as one SQL set: all contacts, those with a tag or in a segment, or chosen
ones; never those with an excluded tag or in an excluded segment."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from campaigns import suppressions
from campaigns.models import Audience, Contact, Segment, Tag, Task
from campaigns.segments.matching import problem_of
from campaigns.segments.moment import Moment
from campaigns.segments.sql.compiling import compile_segment
from campaigns.segments.sql.expression import never
from campaigns.segments.tree import ConditionError
from campaigns.segments.uses import conditions_of


def contacts_of(task: Task, at: Moment | None = None) -> QuerySet[Contact]:
    """The contacts a task is for, suppressed or not. Relative dates count from `at`, which is
    now."""
    return included(task, at).exclude(excluded(task, at))


def included(task: Task, at: Moment | None = None) -> QuerySet[Contact]:
    """Those of the audience, also the excluded ones."""
    contacts: QuerySet[Contact] = Contact.objects.filter(owner=task.owner_id)
    if task.audience == Audience.TAGS:
        return contacts.filter(_in(task.include_tags.all(), task.include_segments.all(), at))
    if task.audience == Audience.CHOSEN:
        chosen = Task.contacts.through.objects.filter(task=task, contact=OuterRef("pk"))
        return contacts.filter(Exists(chosen))
    return contacts


def excluded(task: Task, at: Moment | None = None) -> Q:
    """Whether a contact has an excluded tag, or is in an excluded segment."""
    return _in(task.exclude_tags.all(), task.exclude_segments.all(), at)


def problems(task: Task, at: Moment | None = None) -> list[str]:
    """Why the audience cannot be known, in sentences for staff: a segment cannot be used."""
    found = {str(segment): problem_of(segment, at) for segment in _segments(task)}
    return [
        gettext("The segment “%(name)s” cannot be used: %(problem)s")
        % {"name": name, "problem": problem}
        for name, problem in found.items()
        if problem
    ]


def conditions(task: Task) -> dict[int, object]:
    """What the segments of its audience ask now, by their keys, also those that they use."""
    return conditions_of(_segments(task))


def _segments(task: Task) -> list[Segment]:
    used = [*task.exclude_segments.all()]
    if task.audience == Audience.TAGS:
        used += task.include_segments.all()
    return used


def mailable(contacts: QuerySet[Contact]) -> QuerySet[Contact]:
    """Those whose address, or its domain, is not suppressed."""
    return suppressions.not_suppressed(contacts, "email")


def has_tag(keys: Collection[int]) -> Q:
    """Whether a contact has any of these tags, or one below them."""
    below = Tag.objects.filter(parent__in=keys).values_list("pk", flat=True)
    tagged = Contact.tags.through.objects.filter(contact=OuterRef("pk"))
    return Q(Exists(tagged.filter(tag__in=[*keys, *below])))


def _in(tags: QuerySet[Tag], segments: QuerySet[Segment], at: Moment | None) -> Q:
    """Whether a contact has any of these tags, or one below them, or is in any of the segments."""
    found = Q(never())
    if keys := list(tags.values_list("pk", flat=True)):
        found |= has_tag(keys)
    for segment in segments:
        found |= _of(segment, at)
    return found


def _of(segment: Segment, at: Moment | None) -> Q:
    """No contact where the segment cannot be used: a launch is refused then."""
    try:
        return compile_segment(segment, at)
    except ConditionError:
        return Q(never())


def condition_of(task: Task) -> dict[str, object] | None:
    """The task's audience as the condition of a segment; None for all contacts. Raises ValueError
    with a sentence for staff for contacts that were chosen one by one."""
    if task.audience == Audience.CHOSEN:
        raise ValueError(
            gettext("Its contacts were chosen one by one: no condition says who they are.")
        )
    lines: list[object] = []
    if task.audience == Audience.TAGS:
        lines.append(_any_of(task.include_tags.all(), task.include_segments.all(), "any"))
    without = _any_of(task.exclude_tags.all(), task.exclude_segments.all(), "none")
    if without["lines"]:
        lines.append(without)
    return {"match": "all", "lines": lines} if lines else None


def _any_of(tags: QuerySet[Tag], segments: QuerySet[Segment], match: str) -> dict[str, object]:
    tagged = [{"field": "tag", "operator": "has", "value": tag.pk} for tag in tags]
    within = [{"field": "segment", "operator": "in", "value": each.pk} for each in segments]
    return {"match": match, "lines": [*tagged, *within]}
