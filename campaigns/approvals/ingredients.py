"""What a launch of each of several tasks would freeze, as it is now: in as many queries for one as
for all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from campaigns.models import ABTest, Attachment, Audience, Segment, Tag, Task, TaskTemplate
from campaigns.segments.uses import conditions_of_each

OF_FILES = ("name", "content_type", "data")
"""Of attachments, what counts: the key of the data is a digest of it."""
Keys = Mapping[int, list[int]]
"""Of each task, in their order."""


@dataclass(frozen=True, slots=True)
class Ingredients:
    """`tags` and `segments`, each by key: first those left out, then, where the audience is made
    of them, those included. Tags are with those below them."""

    choices: Sequence[TaskTemplate]
    conditions: Mapping[int, object]
    attachments: list[tuple[object, ...]]
    services: list[int]
    tags: list[list[int]]
    segments: list[list[int]]
    contacts: list[int]
    test: ABTest | None


def read(tasks: Sequence[Task]) -> dict[int, Ingredients]:
    """By the key of the task."""
    every = [task.pk for task in tasks]
    by_tags = {task.pk for task in tasks if task.audience == Audience.TAGS}
    chosen = [task.pk for task in tasks if task.audience == Audience.CHOSEN]
    choices, files = _choices(every), _attachments(every)
    tags = [_with_below(_keys("exclude_tags", every)), _with_below(_keys("include_tags", by_tags))]
    segments = [_keys("exclude_segments", every), _keys("include_segments", by_tags)]
    conditions = _conditions(every, segments)
    services, contacts = _keys("services", every), _keys("contacts", chosen)
    tests = ABTest.objects.in_bulk(every)
    return {
        pk: Ingredients(
            choices[pk],
            conditions[pk],
            files[pk],
            services[pk],
            [each[pk] for each in tags[: 1 + (pk in by_tags)]],
            [each[pk] for each in segments[: 1 + (pk in by_tags)]],
            contacts[pk],
            tests.get(pk),
        )
        for pk in every
    }


def _choices(task_ids: Sequence[int]) -> Mapping[int, list[TaskTemplate]]:
    found = defaultdict[int, list[TaskTemplate]](list)
    rows = TaskTemplate.objects.filter(task__in=task_ids).select_related("template", "sender")
    for choice in rows.order_by("pk"):
        found[choice.task_id].append(choice)
    return found


def _attachments(task_ids: Sequence[int]) -> Mapping[int, list[tuple[object, ...]]]:
    found = defaultdict[int, list[tuple[object, ...]]](list)
    rows = Attachment.objects.filter(task__in=task_ids).values_list("task", *OF_FILES)
    for task_id, *values in sorted(rows):
        found[task_id].append(tuple(values))
    return found


def _keys(name: str, task_ids: Iterable[int]) -> Keys:
    """What a relation to many has of each task."""
    field = Task._meta.get_field(name)
    own, theirs = field.m2m_field_name(), field.m2m_reverse_field_name()  # type: ignore[union-attr]
    rows = getattr(Task, name).through.objects.filter(**{f"{own}__in": list(task_ids)})
    found = defaultdict[int, list[int]](list)
    for task_id, key in rows.order_by(own, theirs).values_list(own, theirs):
        found[task_id].append(key)
    return found


def _with_below(tags: Keys) -> Keys:
    """The tags of each task with those below them."""
    parents = {key for keys in tags.values() for key in keys}
    below = defaultdict[int, list[int]](list)
    for key, parent in Tag.objects.filter(parent__in=parents).values_list("pk", "parent"):
        below[parent].append(key)
    found = defaultdict[int, list[int]](list)
    for task_id, keys in tags.items():
        found[task_id] = sorted({*keys, *(each for key in keys for each in below[key])})
    return found


def _conditions(
    task_ids: Sequence[int], used: Sequence[Keys]
) -> Mapping[int, Mapping[int, object]]:
    segments = Segment.objects.in_bulk({k for of in used for keys in of.values() for k in keys})
    groups = [[segments[key] for of in used for key in of[pk]] for pk in task_ids]
    return dict(zip(task_ids, conditions_of_each(groups), strict=True))
