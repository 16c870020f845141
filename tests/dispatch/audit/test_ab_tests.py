"""The audit names campaigns whose A/B test does not keep what it says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db.models.functions import Now

from campaigns.ab_tests import deciding, release
from campaigns.models import ABSample, ABTest, SubTask, Task
from dispatch.audit.ab_tests import ab_tests_end_as_said
from tests.campaigns.ab_tests.making import contents, launched, rest_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> Task:
    return launched(20, sample=40)


def released(task: Task) -> None:
    deciding.choose(task.pk, contents(task)[1], UserFactory())
    release.release_decided()


def test_a_test_that_waits_is_counted(task: Task) -> None:
    result = ab_tests_end_as_said()
    assert result.offenders == []
    assert result.summary == "1 tests with 8 SubTasks in their samples, 12 wait for a result"


def test_a_test_that_was_released_is_in_order(task: Task) -> None:
    released(task)
    assert ab_tests_end_as_said().offenders == []


def test_a_split_test_is_in_order(task: Task) -> None:
    deciding.split(task.pk, UserFactory())
    release.release_decided()
    assert ab_tests_end_as_said().offenders == []


def no_test(task: Task) -> str:
    ABTest.objects.all().delete()
    return "SubTasks wait for the result of a test that it does not have"


def a_lost_row(task: Task) -> str:
    ABTest.objects.update(rest=13)
    return "12 SubTasks wait for the result of its test, it says 13"


def still_waiting_after_the_release(task: Task) -> str:
    first = rest_of(task).order_by("pk")[0]
    until = first.available_at
    released(task)
    SubTask.objects.filter(pk=first.pk).update(available_at=until)
    return "1 SubTasks wait for the result of its test, it says 0"


def a_smaller_sample(task: Task) -> str:
    sample = ABSample.objects.get(test=task.pk)
    sample.subtask_ids = sample.subtask_ids[1:]
    sample.save()
    return "8 of its 20 SubTasks were to be its test's sample, it says 8 and 12 others, and 7"


def released_before_the_decision(task: Task) -> str:
    first = rest_of(task).order_by("pk")[0]
    SubTask.objects.filter(pk=first.pk).update(available_at=Now())
    return f"SubTask {first.pk} did not wait for the result"


def another_content(task: Task) -> str:
    released(task)
    first = rest_of(task).order_by("pk")[0]
    SubTask.objects.filter(pk=first.pk).update(content=contents(task)[2])
    return f"SubTask {first.pk} has not the content decided on"


@pytest.mark.parametrize(
    "break_it",
    [
        no_test,
        a_lost_row,
        still_waiting_after_the_release,
        a_smaller_sample,
        released_before_the_decision,
        another_content,
    ],
)
def test_what_is_wrong_is_named(task: Task, break_it: Callable[[Task], str]) -> None:
    expected = break_it(task)
    assert any(f"task {task.pk}: {expected}" in each for each in ab_tests_end_as_said().offenders)
