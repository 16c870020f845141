"""Of how many recipients opens can be recorded is said before a launch and on its result."""

from __future__ import annotations

import pytest

from campaigns.launching import launch
from campaigns.models import Launch, Suppression, Task
from campaigns.state import lifecycle
from tests.campaigns.admin.staff import SUPERUSER, address, member, page_of, signed_in
from tests.factories import ContactFactory, EmailServiceFactory, TaskFactory, UserFactory

pytestmark = pytest.mark.django_db


def draft(agreed: int, others: int, track_opens: bool = True) -> Task:
    owner = UserFactory()
    EmailServiceFactory()
    ContactFactory.create_batch(agreed, owner=owner, tracking_consent=True)
    ContactFactory.create_batch(others, owner=owner)
    task: Task = TaskFactory(owner=owner, track_opens=track_opens)
    return task


def launched(task: Task) -> Task:
    lifecycle.launch(task)
    launch.expand(task.pk)
    task.refresh_from_db()
    return task


def question(task: Task) -> str:
    return page_of(signed_in(member(SUPERUSER)).get(address("campaigns.task", "launch", task.pk)))


def page(task: Task) -> str:
    return page_of(signed_in(member(SUPERUSER)).get(address("campaigns.task", "change", task.pk)))


def test_a_launch_says_that_no_opens_will_be_recorded() -> None:
    shown = question(draft(agreed=0, others=3))
    assert "no opens will be recorded: 0 of 3 recipients agreed to it" in shown


def test_a_launch_says_of_how_many_opens_will_be_recorded() -> None:
    assert "Opens will be recorded for 1 of 3 recipients" in question(draft(agreed=1, others=2))


def test_a_launch_counts_recipients_and_not_those_that_are_left_out() -> None:
    task = draft(agreed=2, others=1)
    left_out = ContactFactory(owner=task.owner, tracking_consent=True)
    Suppression.objects.create(email=left_out.email)
    assert "for 2 of 3 recipients" in question(task)
    assert "for 2 of 3 recipients" in page(launched(task))


@pytest.mark.parametrize(
    ("agreed", "others", "track_opens"), [(2, 0, True), (1, 2, False)], ids=["all agree", "off"]
)
def test_nothing_is_said_when_all_is_as_asked(agreed: int, others: int, track_opens: bool) -> None:
    task = draft(agreed, others, track_opens)
    assert "agreed to it" not in question(task)
    assert "agree to it" not in question(task)
    assert "agree to it" not in page(launched(task))


def test_nothing_is_said_where_nobody_need_be_asked(settings: object) -> None:
    settings.OPENS_NEED_CONSENT = False  # type: ignore[attr-defined]
    task = draft(agreed=0, others=2)
    assert "agreed to it" not in question(task)
    assert "agreed to it" not in page(launched(task))


def test_a_result_says_that_no_opens_are_recorded() -> None:
    task = launched(draft(agreed=0, others=2))
    assert "no opens are recorded: 0 of 2 recipients agreed to it" in page(task)


def test_a_result_says_of_how_many_opens_are_recorded_as_it_was_at_the_launch() -> None:
    task = launched(draft(agreed=1, others=3))
    assert "Opens are recorded for 1 of 4 recipients" in page(task)
    ContactFactory(owner=task.owner, tracking_consent=True)
    assert "Opens are recorded for 1 of 4 recipients" in page(task)


def test_a_result_of_before_this_was_counted_says_nothing() -> None:
    task = launched(draft(agreed=0, others=2))
    Launch.objects.update(agreed=None)
    assert "agreed to it" not in page(task)


def test_a_launch_of_several_chunks_counts_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "CHUNK", 2)
    task = launched(draft(agreed=3, others=2))
    assert Launch.objects.get(task=task).agreed == 3
