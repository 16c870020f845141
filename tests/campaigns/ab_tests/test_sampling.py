"""The sample that a launch draws."""

from __future__ import annotations

from collections import Counter

import pytest

from campaigns.ab_tests import sampling
from campaigns.launching import chunks, launch
from campaigns.models import ABTest, SubTask, Suppression, Task
from campaigns.recipients.decision import Part
from tests.campaigns.ab_tests.making import (
    contents,
    launched,
    planned,
    rest_of,
    sample_of,
    test_of,
    waiting,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("unit", "sample", "recipients", "size"),
    [
        ("percent", 10, 1_000, 100),
        ("percent", 10, 1_004, 100),
        ("percent", 10, 1_005, 101),  # a half is rounded up
        ("percent", 50, 1, 1),
        ("percent", 100, 7, 7),
        ("number", 300, 1_000, 300),
        ("number", 300, 200, 200),
        ("number", 300, 0, 0),
    ],
)
def test_the_size_is_the_one_asked_for(unit: str, sample: int, recipients: int, size: int) -> None:
    assert sampling.size_of(ABTest(sample=sample, sample_unit=unit), recipients) == size


@pytest.mark.parametrize(
    ("size", "weights", "parts"),
    [
        (9, [1, 1, 1], [3, 3, 3]),
        (10, [1, 1, 1], [3, 4, 3]),
        (100, [3, 1], [75, 25]),
        (2, [1, 1, 1], [1, 0, 1]),
        (0, [1, 1], [0, 0]),
    ],
)
def test_parts_are_in_proportion_and_add_up(
    size: int, weights: list[int], parts: list[int]
) -> None:
    assert sampling.parts_of(size, weights) == parts


def test_the_sample_gets_the_variants_in_equal_parts_and_the_rest_waits() -> None:
    task = launched(200, sample=30)
    by_content = Counter(sample_of(task).values_list("content_id", flat=True))
    assert by_content == dict.fromkeys(contents(task), 20)
    assert SubTask.objects.claimable(task.pk).count() == 60
    assert waiting(task).count() == rest_of(task).count() == 140


def test_no_variant_is_due_before_another() -> None:
    task = launched(200, sample=30)
    assert sample_of(task).values("available_at").distinct().count() == 1
    first_half = SubTask.objects.claimable(task.pk).values_list("content", flat=True)[:45]
    assert set(first_half) == set(contents(task))


def test_the_rest_waits_with_the_first_variant() -> None:
    task = launched(50, sample=10)
    first = contents(task)[0]
    assert set(rest_of(task).values_list("content_id", flat=True)) == {first}


def test_the_test_knows_what_was_drawn() -> None:
    test = test_of(launched(200, sample=30))
    assert (test.state, test.sample_size, test.rest) == ("collecting", 60, 140)


def test_the_campaign_is_sending() -> None:
    assert launched(20).status == "sending"


def test_those_left_out_do_not_count() -> None:
    task = planned(100, sample=10)
    Suppression.objects.bulk_create(Suppression(email=f"r{n:05}@example.com") for n in range(50))
    launch.expand(task.pk)
    assert sample_of(task).count() == 5
    assert waiting(task).count() == 45


def test_the_size_is_exact_over_many_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "CHUNK", 30)
    task = launched(200, sample=77, sample_unit="number")
    assert sample_of(task).count() == 77
    assert waiting(task).count() == 123


def test_the_sample_is_neither_the_first_nor_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each third of the recipients it has about a third."""
    monkeypatch.setattr(launch, "CHUNK", 100)
    task = launched(600, sample=50)
    thirds = Counter(
        int(email[1:6]) // 200
        for email in sample_of(task).values_list("recipient_email", flat=True)
    )
    assert all(60 < number < 140 for number in thirds.values())
    assert len(thirds) == 3


def test_two_launches_draw_different_samples() -> None:
    drawn = []
    for task in (launched(60, sample=50), launched(60, sample=50)):
        drawn.append(set(sample_of(task).values_list("recipient_email", flat=True)))
    assert drawn[0] != drawn[1]


def test_a_chunk_that_is_made_again_makes_nothing_twice() -> None:
    task = planned(40)
    launch.prepare(task)
    part = Part(up_to=10**9)
    chunks.make(task, part)
    chunks.make(task, part)
    assert waiting(task).count() == SubTask.objects.count() == 40


def test_a_campaign_without_a_test_waits_for_nothing() -> None:
    task: Task = planned(40)
    ABTest.objects.all().delete()
    launch.expand(task.pk)
    assert SubTask.objects.claimable(task.pk).count() == 40


def test_a_launch_with_one_variant_alone_says_what_is_missing() -> None:
    task = launched(10, variants=1)
    assert task.status == "draft"
    assert "2 to 5 variants, and it has 1" in task.note
