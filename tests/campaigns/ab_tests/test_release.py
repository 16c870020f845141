"""The rest of a decided test."""

from __future__ import annotations

from collections import Counter

import pytest

from campaigns.ab_tests import deciding, release
from campaigns.models import SubTask, Task
from campaigns.models.ab_test import UNTIL_RELEASED
from campaigns.state import lifecycle, states
from privacy import erasure
from tests.campaigns.ab_tests.making import (
    collecting,
    contents,
    hand_over,
    launched,
    rest_of,
    sample_of,
    test_of,
    waiting,
)
from tests.concurrency import run_together
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "CHUNK", 20)


def chosen(variant: int = 1, **values: object) -> Task:
    task = launched(100, sample=20)
    deciding.choose(task.pk, contents(task)[variant], UserFactory())
    return task


def released(task: Task) -> None:
    while test_of(task).state == "releasing":
        release.release_decided()


def test_a_chunk_a_call() -> None:
    task = chosen()
    assert release.release_decided() == 20
    assert waiting(task).count() == 60
    assert (test_of(task).state, test_of(task).released) == ("releasing", 20)


def test_the_rest_gets_the_winner_and_may_be_sent() -> None:
    task = chosen()
    released(task)
    assert set(rest_of(task).values_list("content_id", flat=True)) == {contents(task)[1]}
    assert SubTask.objects.claimable(task.pk).count() == 100
    assert (test_of(task).state, test_of(task).released) == ("released", 80)
    assert test_of(task).released_at is not None


def test_the_sample_stays_as_it_is() -> None:
    task = chosen()
    before = dict(sample_of(task).values_list("pk", "content_id"))
    released(task)
    assert dict(sample_of(task).values_list("pk", "content_id")) == before


def test_a_split_rest_has_every_variant_equally_often() -> None:
    task = launched(113, sample=20)
    deciding.split(task.pk, UserFactory())
    released(task)
    by_content = Counter(rest_of(task).values_list("content_id", flat=True))
    assert sorted(by_content) == contents(task)
    assert sorted(by_content.values()) == [30, 30, 30]


def test_what_was_released_and_sent_is_not_released_again() -> None:
    task = chosen()
    release.release_decided()
    first = rest_of(task).exclude(available_at=UNTIL_RELEASED)
    hand_over(first)
    sent = set(SubTask.objects.filter(status="sent").values_list("pk", flat=True))
    released(task)
    assert set(SubTask.objects.filter(status="sent").values_list("pk", flat=True)) == sent
    assert test_of(task).released == 80


def test_a_paused_campaign_is_released_and_not_sent() -> None:
    task = chosen()
    lifecycle.pause(task)
    released(task)
    task.refresh_from_db()
    assert (task.status, waiting(task).count()) == ("paused", 0)


def test_what_waits_is_cancelled_with_its_campaign() -> None:
    task = collecting(100)
    lifecycle.cancel(task)
    counts = Counter(SubTask.objects.filter(task=task).values_list("status", flat=True))
    assert counts == {"sent": 20, "failed": 80}


def test_a_campaign_cancelled_meanwhile_is_not_released() -> None:
    task = chosen()
    release.release_decided()
    lifecycle.cancel(task)
    assert release.release_decided() == 0
    assert not SubTask.objects.filter(task=task, status="pending").exists()


def test_a_campaign_whose_rest_waits_is_not_completed() -> None:
    task = collecting(100)
    lifecycle.complete_finished()
    task.refresh_from_db()
    assert task.status == "sending"


def test_a_campaign_is_completed_when_its_rest_was_sent() -> None:
    task = collecting(100)
    deciding.choose(task.pk, contents(task)[1], UserFactory())
    released(task)
    hand_over(rest_of(task))
    lifecycle.complete_finished()
    task.refresh_from_db()
    assert task.status == "completed"


def test_an_address_erased_while_it_waits_is_released_and_fails() -> None:
    task = collecting(100)
    erased = waiting(task).order_by("pk")[3]
    erasure.erase(erased.recipient_email)
    deciding.choose(task.pk, contents(task)[1], UserFactory())
    released(task)
    assert SubTask.objects.get(pk=erased.pk).recipient_email.startswith("erased-")
    assert waiting(task).count() == 0


@pytest.mark.django_db(transaction=True)
def test_addresses_erased_while_the_rest_is_released_fail_and_no_other() -> None:
    task = collecting(100)
    addresses = list(waiting(task).order_by("-pk").values_list("recipient_email", flat=True)[:12])
    deciding.choose(task.pk, contents(task)[1], UserFactory())

    run_together(lambda: released(task), lambda: [erasure.erase(each) for each in addresses])

    rest = rest_of(task)
    assert waiting(task).count() == 0
    assert rest.filter(status="failed", recipient_email__startswith="erased-").count() == 12
    going = rest.filter(status="pending")
    assert (going.count(), {*going.values_list("content_id", flat=True)}) == (
        68,
        {contents(task)[1]},
    )


def test_what_waits_is_no_retry() -> None:
    task = collecting(100)
    assert states.retry(list(waiting(task).values_list("pk", flat=True))) == []
    assert waiting(task).count() == 80


def test_a_test_of_everyone_has_nothing_to_release() -> None:
    task = launched(30, sample=100)
    deciding.choose(task.pk, contents(task)[1], UserFactory())
    released(task)
    assert (test_of(task).state, test_of(task).released) == ("released", 0)
