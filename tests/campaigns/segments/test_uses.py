from __future__ import annotations

from typing import Any

import pytest

from campaigns.segments.uses import segments_using, tasks_using
from tests.factories import (
    OperationFactory,
    SegmentFactory,
    TagFactory,
    TaskFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def test_the_tasks_that_include_or_exclude_a_segment_use_it() -> None:
    segment = SegmentFactory()
    tasks = [TaskFactory(owner=segment.owner) for _ in range(3)]
    tasks[0].include_segments.add(segment)
    tasks[0].exclude_segments.add(segment)
    tasks[1].exclude_segments.add(segment)
    assert set(tasks_using(segment)) == set(tasks[:2])


@pytest.mark.parametrize("field", ["tag", "segment", "imported", "opened"])
def test_a_segment_uses_what_a_line_of_it_names_however_deep(field: str) -> None:
    owner = UserFactory()
    makers: dict[str, Any] = {
        "tag": TagFactory,
        "segment": SegmentFactory,
        "imported": OperationFactory,
    }
    row, other = (makers.get(field, TaskFactory)(owner=owner) for _ in range(2))
    value = {"campaign": row.pk} if field == "opened" else row.pk
    inner = {"match": "none", "lines": [{"field": field, "operator": "is", "value": value}]}
    using = SegmentFactory(owner=owner, condition={"match": "all", "lines": [inner]})
    assert segments_using(row) == [using]
    assert segments_using(other) == []
