"""The funnel of a campaign adds up, whatever became of its messages."""

from __future__ import annotations

import random
from typing import Any

import pytest

from campaigns.admin.funnel import Step, funnel
from campaigns.models import Contact, Launch, Segment, SubTask, Tally, Task
from campaigns.models.stage import Stage, condition, number
from tests.campaigns.admin.staff import (
    MANAGER,
    SUPERUSER,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
)
from tests.factories import (
    ContentFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    in_doubt,
)

pytestmark = pytest.mark.django_db

SENT = ("sent", "delivered", "opened", "clicked", "bounced")
REASONS = ("rejected", "invalid", "cancelled")


def with_random_states(seed: int) -> Task:
    draw = random.Random(seed)
    task, service = SendingTaskFactory(), EmailServiceFactory()
    content = ContentFactory(task=task)
    for _ in range(draw.randint(0, 25)):
        status = draw.choice(("pending", "in doubt", "failed", *SENT))
        of_task: dict[str, Any] = {"task": task, "content": content}
        if status == "in doubt":
            in_doubt(service, **of_task)
        elif status == "failed":
            SubTaskFactory(status=status, failure_reason=draw.choice(REASONS), **of_task)
        else:
            carrier = {} if status == "pending" else {"service": service}
            SubTaskFactory(status=status, **carrier, **of_task)
    return task


def steps_of(task: Task, left_out: int = 0) -> list[Step]:
    return funnel(task, Tally.objects.counts(task.pk), left_out, [], True)


def numbers(steps: list[Step]) -> list[int]:
    return [step.number for step in steps]


@pytest.mark.parametrize("seed", range(8))
def test_each_step_is_what_stands_beside_it_and_the_next_one(seed: int) -> None:
    steps = steps_of(with_random_states(seed), left_out=seed)
    for step, following in zip(steps, steps[1:], strict=False):
        assert step.number == sum(part.number for part in step.left) + following.number
    assert steps[0].number == SubTask.objects.count() + seed
    assert not steps[-1].left


@pytest.mark.parametrize("seed", range(8))
def test_each_number_is_that_of_its_messages(seed: int) -> None:
    counts = Tally.objects.counts(with_random_states(seed).pk)
    for stage in Stage:
        assert number(stage, counts) == SubTask.objects.filter(condition(stage)).count(), stage


def some_of_each(**kwargs: Any) -> Task:
    """Ten were sent: two bounced, two say nothing, and six were delivered; four of these opened,
    one of whom clicked."""
    task, service = SendingTaskFactory(**kwargs), EmailServiceFactory()
    content = ContentFactory(task=task)
    for status, times in (("bounced", 2), ("sent", 2), ("delivered", 2), ("opened", 3)):
        SubTaskFactory.create_batch(
            times, task=task, content=content, status=status, service=service
        )
    SubTaskFactory(task=task, content=content, status="clicked", service=service)
    SubTaskFactory.create_batch(2, task=task, content=content)
    return task


def test_a_step_has_those_that_got_further() -> None:
    assert numbers(steps_of(some_of_each(), left_out=8)) == [20, 10, 6, 4, 1]


def test_rates_say_of_what_they_are_parts() -> None:
    assert [(step.rate, step.of) for step in steps_of(some_of_each(), left_out=8)] == [
        ("", ""),
        ("50.0\N{NO-BREAK SPACE}%", "of the audience"),
        ("60.0\N{NO-BREAK SPACE}%", "of those sent"),
        ("50.0\N{NO-BREAK SPACE}%", "of those that did not bounce"),
        ("12.5\N{NO-BREAK SPACE}%", "of those that did not bounce"),
    ]


def test_without_anyone_there_is_no_rate() -> None:
    steps = steps_of(SendingTaskFactory())
    assert numbers(steps) == [0, 0, 0, 0, 0]
    assert {step.rate for step in steps} == {""}


def test_says_what_is_not_recorded() -> None:
    opened, clicked = steps_of(some_of_each(track_opens=False, track_clicks=False))[3:]
    assert "opens are not recorded" in opened.note
    assert "clicks are not recorded" in clicked.note


def test_none_of_what_is_not_recorded_is_no_rate() -> None:
    task = SendingTaskFactory(track_opens=False, track_clicks=True)
    SubTaskFactory(task=task, status="sent", service=EmailServiceFactory())
    opened, clicked = steps_of(task)[3:]
    assert (opened.number, opened.rate) == (0, "")
    assert (clicked.number, clicked.rate) == (0, "0.0\N{NO-BREAK SPACE}%")


def test_that_no_server_reports_a_delivery_does_not_say_that_there_is_none() -> None:
    task = SendingTaskFactory()
    SubTaskFactory(task=task, status="sent", service=EmailServiceFactory())
    delivered = steps_of(task)[2]
    assert (delivered.is_known, delivered.rate, delivered.note) == (
        False,
        "",
        "not reported so far",
    )
    page = page_of(signed_in(member(SUPERUSER)).get(address("campaigns.task", "progress", task.pk)))
    assert 'data-figure="Delivered">–<' in page


def test_bounces_have_their_rate() -> None:
    task = some_of_each()
    page = page_of(signed_in(member(SUPERUSER)).get(address("campaigns.task", "progress", task.pk)))
    assert 'data-rate="Bounced">20.0 %<' in page


def test_a_reason_of_the_left_out_opens_their_list() -> None:
    task = some_of_each()
    Launch.objects.create(task=task, left_out={"suppressed": 3}, inserted=12)
    page = page_of(signed_in(member(SUPERUSER)).get(address("campaigns.task", "progress", task.pk)))
    assert 'data-figure="Audience">15<' in page
    assert "left_out=suppressed" in page


class TestThePeople:
    def url(self, task: Task, did: str = "clicked") -> str:
        return f"{address('campaigns.task', 'people', task.pk)}?did={did}"

    def test_are_asked_about_before_a_segment_is_made(self) -> None:
        user = member(MANAGER)
        task = some_of_each(owner=user, name="Spring")
        page = page_of(signed_in(user).get(self.url(task)))
        assert "clicked the campaign “Spring”" in page
        assert not Segment.objects.exists()

    def test_are_the_segment_that_the_list_of_contacts_shows_then(self) -> None:
        user = member(MANAGER)
        task = some_of_each(owner=user, name="Spring")
        response = signed_in(user).post(self.url(task), {"confirmed": "yes"}, follow=True)
        segment = Segment.objects.get()
        assert (segment.owner, segment.name) == (user, "Spring: Clicked")
        assert response.redirect_chain == [
            (f"{address('campaigns.contact', 'changelist')}?segment={segment.pk}", 302)
        ]
        assert "These are the people of the segment “Spring: Clicked”" in page_of(response)

    def test_are_made_once_by_a_double_click(self) -> None:
        user = member(MANAGER)
        task, client = some_of_each(owner=user), signed_in(user)
        for _ in range(2):
            client.post(self.url(task), {"confirmed": "yes"})
        assert Segment.objects.count() == 1

    @pytest.mark.parametrize("did", ["sent", "delivered", "opened", "clicked", "bounced"])
    def test_of_each_step_are_found(self, did: str) -> None:
        user = member(MANAGER)
        response = signed_in(user).post(
            self.url(some_of_each(owner=user), did), {"confirmed": "yes"}, follow=True
        )
        assert response.status_code == 200
        assert not Contact.objects.exists()

    @pytest.mark.parametrize("did", ["failed", "", "x", "%00"])
    def test_of_another_number_are_not_found(self, did: str) -> None:
        user = member(MANAGER)
        assert signed_in(user).get(self.url(some_of_each(owner=user), did)).status_code == 404

    def test_of_another_owner_are_not_found(self) -> None:
        assert signed_in(member(MANAGER)).get(self.url(some_of_each())).status_code == 404

    def test_are_not_for_those_who_only_look(self) -> None:
        user = member(VIEWER)
        task = some_of_each(owner=user)
        client = signed_in(user)
        assert client.post(self.url(task), {"confirmed": "yes"}).status_code == 403
        page = page_of(client.get(address("campaigns.task", "progress", task.pk)))
        assert "Tag, export or mail them" not in page
