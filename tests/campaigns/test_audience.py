from __future__ import annotations

from typing import Any

import pytest

from campaigns import audience
from campaigns.models import Audience, Contact, Tag, Task
from campaigns.state import lifecycle
from tests.factories import (
    ContactFactory,
    SegmentFactory,
    TagFactory,
    TaskFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def named(name: str) -> dict[str, Any]:
    line = {"field": "name", "operator": "contains", "value": name}
    return {"match": "all", "lines": [line]}


def task_for(contacts: list[Contact], audience_kind: str = Audience.TAGS) -> Task:
    return TaskFactory(owner=contacts[0].owner, audience=audience_kind)


def people(*names: str) -> list[Contact]:
    owner = UserFactory()
    return [ContactFactory(owner=owner, name=name) for name in names]


def found(task: Task) -> list[str]:
    return sorted(contact.name for contact in audience.contacts_of(task))


def segment_of(task: Task, name: str) -> Any:
    return SegmentFactory(owner=task.owner, condition=named(name))


def test_tags_and_segments_are_joined_and_exclusions_taken_away() -> None:
    contacts = people("Ada", "Bob", "Cyd", "Dan Dew")
    task = task_for(contacts)
    tag = TagFactory(owner=task.owner)
    contacts[0].tags.add(tag)
    task.include_tags.add(tag)
    task.include_segments.add(segment_of(task, "b"), segment_of(task, "Dan"))
    assert found(task) == ["Ada", "Bob", "Dan Dew"]
    task.exclude_segments.add(segment_of(task, "Dew"))
    task.exclude_tags.add(tag)
    assert found(task) == ["Bob"]


def test_all_contacts_lack_those_of_an_excluded_segment() -> None:
    task = task_for(people("Ada", "Bob"), Audience.ALL)
    task.exclude_segments.add(segment_of(task, "Ada"))
    assert found(task) == ["Bob"]


def test_a_tag_counts_for_the_tag_that_it_is_under() -> None:
    contacts = people("Ada", "Bob")
    task = task_for(contacts)
    parent = TagFactory(owner=task.owner)
    contacts[1].tags.add(Tag.objects.create(owner=task.owner, name="below", parent=parent))
    task.include_tags.add(parent)
    assert found(task) == ["Bob"]
    task.exclude_tags.add(parent)
    assert found(task) == []


def test_a_task_with_neither_tags_nor_segments_is_for_no_contact() -> None:
    assert found(task_for(people("Ada"))) == []


def test_a_task_whose_segment_cannot_be_used_is_not_launched() -> None:
    task = task_for(people("Ada"), Audience.ALL)
    segment = SegmentFactory(owner=task.owner, name="broken", condition={})
    task.exclude_segments.add(segment)
    assert any("“broken” cannot be used" in each for each in lifecycle.missing(task))
