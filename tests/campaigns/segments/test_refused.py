"""Conditions that cannot be used are refused, and hold no contact."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import Attribute, Segment
from campaigns.segments.matching import checked, contacts_in, contacts_of, problem_of
from campaigns.segments.tree import MAX_DEPTH, MAX_LINES, ConditionError
from tests.factories import (
    ContactFactory,
    OperationFactory,
    SegmentFactory,
    TagFactory,
    TaskFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def of(*lines: Any, match: str = "all") -> dict[str, Any]:
    return {"match": match, "lines": list(lines)}


def line(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


NAMED = line("name", "set")


def nested(depth: int) -> dict[str, Any]:
    return of(nested(depth - 1)) if depth > 1 else of(NAMED)


def refusal(owner_id: int, condition: Any, segment: Segment | None = None) -> ConditionError:
    with pytest.raises(ConditionError) as caught:
        checked(owner_id, condition, segment)
    return caught.value


@pytest.mark.parametrize(
    ("condition", "path"),
    [
        ({}, ()),
        (None, ()),
        ([], ()),
        ("all", ()),
        (of(), ()),
        (of(match="each"), ()),
        (of(of(match="any")), (0,)),
        ({"match": ["all"], "lines": [NAMED]}, ()),
        (of(5), (0,)),
        (of(NAMED, line("", "is")), (1, "field")),
        (of(line("no_such", "is")), (0, "field")),
        (of(line("attribute:", "is", "x")), (0, "field")),
        (of(line("name", "did")), (0, "operator")),
        (of(line("name", "is", "")), (0, "value")),
        (of(line("name", "is", "a\x00")), (0, "value")),
        (of(line("name", "is", "x" * 501)), (0, "value")),
        (of(line("domain", "is", "not a domain")), (0, "value")),
        (of(line("language", "is", "en'")), (0, "value")),
        (of(line("created", "last_days", 0)), (0, "value")),
        (of(line("created", "last_days", 10**9)), (0, "value")),
        (of(line("created", "last_days", True)), (0, "value")),
        (of(line("created", "on", "2026-02-30")), (0, "value")),
        (of(line("created", "before", "0001-01-01")), (0, "value")),
        (of(line("created", "after", "9999-12-31")), (0, "value")),
        (of(line("created", "between", ["2026-02-02", "2026-02-01"])), (0, "value")),
        (of(line("mail_consent", "is", "perhaps")), (0, "value")),
        (of(line("attribute:size", "between", [2, 1])), (0, "value")),
        (of(line("attribute:size", "equals", "many")), (0, "value")),
        (of(line("attribute:size", "equals", float("nan"))), (0, "value")),
        (of(line("attribute:size", "equals", 10**400)), (0, "value")),
        (of(line("name", "is", "a\nb")), (0, "value")),
        (of(line("name", "is", "a\ud800")), (0, "value")),
        (of(line("attribute:size", "contains", "1")), (0, "operator")),
        (of(line("tag", "has", "x")), (0, "value")),
        (of(line("tag", "has", 10**30)), (0, "value")),
        (of(line("opened", "did", {"days": -1})), (0, "value")),
        (of(line("opened", "did", {"other": 1})), (0, "value")),
        (of(line("opened", "did", {"by": "cats"})), (0, "value")),
        (of(line("opened", "did", {"campaign": 1, "times": 2})), (0, "value")),
        (of(line("opened", "did", {"link": "https://example.com"})), (0, "value")),
        (of(line("sent", "did", {"by": "machines"})), (0, "value")),
        (of(line("part", "is", {"part": 3, "of": 2, "seed": "a"})), (0, "value")),
        (of(line("part", "is", {"part": 1, "of": 11, "seed": "a"})), (0, "value")),
        (of(of(of(NAMED, line("name", "is")))), (0, 0, 1, "value")),
        (nested(MAX_DEPTH + 1), (0,) * MAX_DEPTH),
        (nested(500), (0,) * MAX_DEPTH),
        (of(*[NAMED] * (MAX_LINES + 1)), ()),
        (of(*[of(*[NAMED] * MAX_LINES)] * 2), ()),
    ],
)
def test_a_condition_that_is_wrong_is_refused_where_it_is_wrong(condition: Any, path: Any) -> None:
    owner = UserFactory()
    Attribute.objects.create(owner=owner, key="size", kind="number")
    ContactFactory(owner=owner)
    assert refusal(owner.pk, condition).path == path
    assert not contacts_in(owner.pk, condition).exists()


def foreign_lines(owner: Any) -> list[dict[str, Any]]:
    segment = SegmentFactory(owner=owner, condition=of(NAMED))
    campaign = {"campaign": TaskFactory(owner=owner).pk}
    return [
        line("tag", "has", TagFactory(owner=owner).pk),
        line("segment", "in", segment.pk),
        line("imported", "is", OperationFactory(owner=owner).pk),
        *(line(name, "did", campaign) for name in ("sent", "opened", "clicked")),
        line("tag", "lacks", TagFactory(owner=owner).pk),
        line("segment", "not_in", segment.pk),
        line("opened", "did_not", campaign),
    ]


@pytest.mark.parametrize("number", range(9))
def test_what_another_owner_has_is_refused_and_finds_no_contact(number: int) -> None:
    owner, other = UserFactory(), UserFactory()
    ContactFactory(owner=owner)
    condition = of(foreign_lines(other)[number])
    assert "is gone" in refusal(owner.pk, condition).message
    assert not contacts_in(owner.pk, condition).exists()
    assert not contacts_in(owner.pk, of(condition, match="none")).exists()


@pytest.mark.parametrize("number", range(9))
def test_what_is_ones_own_is_accepted(number: int) -> None:
    owner = UserFactory()
    condition = of(foreign_lines(owner)[number])
    assert checked(owner.pk, condition) == condition


def test_a_segment_is_never_part_of_itself_across_several() -> None:
    first = SegmentFactory(name="first", condition=of(NAMED))
    second = SegmentFactory(
        owner=first.owner, name="second", condition=of(line("segment", "in", first.pk))
    )
    own = of(line("segment", "in", first.pk))
    across = of(of(line("segment", "not_in", second.pk)))
    assert "itself" in refusal(first.owner_id, own, first).message
    assert "“first” uses “second” uses “first”" in refusal(first.owner_id, across, first).message


def test_a_circle_that_is_stored_all_the_same_holds_no_contact() -> None:
    segment = SegmentFactory()
    ContactFactory(owner=segment.owner)
    segment.condition = of(line("segment", "in", segment.pk))
    segment.save()
    assert not contacts_of(segment).exists()
    assert "itself" in problem_of(segment)


def test_segments_that_use_each_other_twice_each_end_at_a_limit() -> None:
    owner = UserFactory()
    segment = SegmentFactory(owner=owner, condition=of(NAMED))
    for _ in range(12):
        twice = [line("segment", "in", segment.pk)] * 2
        segment = SegmentFactory(owner=owner, condition=of(*twice))
    assert "more than 200 lines" in problem_of(segment)


def test_a_condition_whose_attribute_changed_its_type_holds_no_contact() -> None:
    segment = SegmentFactory(condition=of(line("attribute:size", "contains", "l")))
    ContactFactory(owner=segment.owner, attributes={"size": "xl"})
    assert contacts_of(segment).exists()
    Attribute.objects.create(owner=segment.owner, key="size", kind="number")
    assert not contacts_of(segment).exists()
    assert problem_of(segment) == "size cannot be asked that. Choose again."


def test_segments_that_use_each_other_in_a_row_end_at_a_limit() -> None:
    owner = UserFactory()
    segment = SegmentFactory(owner=owner, condition=of(NAMED))
    for _ in range(150):
        inner = line("segment", "in", segment.pk)
        for _ in range(MAX_DEPTH - 1):
            inner = of(inner, match="none")
        segment = SegmentFactory(owner=owner, condition=of(inner, match="none"))
    assert "More than 20 segments use each other in a row." in problem_of(segment)
    assert not contacts_of(segment).exists()


def test_segments_that_two_people_made_use_each_other_hold_no_contact() -> None:
    first = SegmentFactory(name="first")
    second = SegmentFactory(owner=first.owner, name="second")
    ContactFactory(owner=first.owner)
    for segment, other in ((first, second), (second, first)):
        segment.condition = of(line("segment", "not_in", other.pk))
        segment.save()
    assert not contacts_of(first).exists()
    assert "“first” uses “second” uses “first”" in problem_of(first)
