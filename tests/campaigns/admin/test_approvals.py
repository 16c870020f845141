"""Approval on pages: asked for, seen by another, given or sent back, and in the history."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from campaigns.models import Approval, Brand, Task
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    OPERATOR,
    VIEWER,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    SegmentFactory,
    TaskFactory,
    TeamFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def author() -> User:
    return member(MANAGER, username="ann")


@pytest.fixture
def second() -> User:
    return member(MANAGER, username="bea")


@pytest.fixture
def task(author: User, second: User) -> Task:
    team = TeamFactory(name="Garden", members=[author, second])
    made: Task = TaskFactory(owner=team.account, name="Spring")
    Brand.objects.create(owner=team.account, needs_approval=True)
    ContactFactory(owner=team.account, name="Ada")
    EmailServiceFactory()
    return made


def url(task: Task, page: str) -> str:
    return address("campaigns.task", page, task.pk)


def press(user: User, task: Task, page: str, **data: str) -> Any:
    client = signed_in(user)
    return client.post(url(task, page), {**CONFIRM, **seen(client, task), **data}, follow=True)


def seen(client: Client, task: Task) -> dict[str, str]:
    page = client.get(url(task, "approve")).content.decode()
    return dict(re.findall(r'name="(seen)" value="([^"]*)"', page))


def page(user: User, task: Task, name: str = "change") -> str:
    return page_of(signed_in(user).get(url(task, name)))


def start_of(user: User) -> str:
    return page_of(signed_in(user).get(reverse("admin:index")))


def test_a_campaign_says_that_it_needs_one_and_the_launch_that_it_lacks_one(
    author: User, task: Task
) -> None:
    assert "Ask for an approval" in page(author, task)
    assert "wants a second person to approve it" in page(author, task, "launch")


def test_from_asking_to_the_launch(author: User, second: User, task: Task) -> None:
    assert "Approval is asked for." in texts(press(author, task, "ask_approval", words="Please"))
    start = page_of(signed_in(second).get(reverse("admin:index")))
    assert "ann asks for your approval. Please" in start
    assert "asks for your approval" not in page_of(signed_in(author).get(reverse("admin:index")))
    question = page(second, task, "approve")
    assert "Template" in question and "Will be sent" in question
    assert "Approved." in texts(press(second, task, "approve", words="Fine"))
    assert "Approved by bea" in page(author, task)
    press(author, task, "launch")
    task.refresh_from_db()
    assert task.status == "queued"
    assert [(who, said) for who, said in entries(task)] == [
        ("ann", "Approval is asked for. Please"),
        ("bea", "Approved. Fine"),
        ("ann", "Launched."),
    ]


def test_a_change_voids_it_and_the_page_says_what(author: User, second: User, task: Task) -> None:
    press(author, task, "ask_approval")
    press(second, task, "approve")
    task.templates.update(subject="Other")
    shown = page(author, task)
    assert "No longer approved" in shown and "Changed since it was approved: the content" in shown
    assert "Changed since it was approved: the content" in texts(press(author, task, "launch"))
    task.refresh_from_db()
    assert task.status == "draft"


def test_sent_back_with_a_reason(author: User, second: User, task: Task) -> None:
    press(author, task, "ask_approval")
    response = press(second, task, "send_back")
    assert "This field is required" in page_of(response)
    press(second, task, "send_back", words="Wrong price")
    assert "Sent back by bea" in page(author, task) and "Wrong price" in page(author, task)


def test_who_asked_has_no_button_and_is_refused(author: User, task: Task) -> None:
    press(author, task, "ask_approval")
    assert url(task, "approve") not in page(author, task)
    assert "You asked for it yourself" in texts(press(author, task, "approve"))
    assert Approval.objects.get().state == "asked"


def test_a_change_since_it_was_seen_is_not_approved(author: User, second: User, task: Task) -> None:
    press(author, task, "ask_approval")
    client = signed_in(second)
    data = {**CONFIRM, **seen(client, task)}
    task.templates.update(subject="Other")
    press(author, task, "ask_approval")
    assert "Look at it again" in texts(client.post(url(task, "approve"), data, follow=True))


def test_who_decides_reads_who_asked_and_in_which_words(
    author: User, second: User, task: Task
) -> None:
    press(author, task, "ask_approval", words="Is the price right?")
    shown = page(second, task, "approve")
    assert "Asked for by ann" in shown and "Is the price right?" in shown
    assert url(task, "send_back") in shown and url(task, "preview") in shown
    assert url(task, "approve") in page(second, task, "send_back")


def test_the_launch_has_no_button_before_it(author: User, second: User, task: Task) -> None:
    launch, schedule = (f'href="{url(task, name)}"' for name in ("launch", "schedule"))
    for state in ("nothing", "asked"):
        shown = page(author, task)
        assert launch not in shown and schedule not in shown, state
        press(author, task, "ask_approval")
    press(second, task, "approve")
    shown = page(author, task)
    assert launch in shown and schedule in shown


def test_who_asked_reads_that_another_decides(author: User, task: Task) -> None:
    press(author, task, "ask_approval")
    shown = page(author, task, "approve")
    assert "This cannot be done now" in shown and "You asked for it yourself" in shown
    assert url(task, "send_back") not in shown


def test_a_change_since_it_was_asked_for_is_told_before_an_answer(author: User, task: Task) -> None:
    press(author, task, "ask_approval")
    task.templates.update(subject="Other")
    assert "Changed since it was asked for: the content" in page(author, task)


def test_the_answer_is_told_on_the_start_page_of_who_asked(
    author: User, second: User, task: Task
) -> None:
    press(author, task, "ask_approval")
    press(second, task, "send_back", words="Wrong price")
    assert "“Spring”: bea sent it back. Wrong price" in start_of(author)
    press(author, task, "ask_approval")
    assert "bea" not in start_of(author)
    press(second, task, "approve")
    assert "“Spring”: bea approved it. You may launch it." in start_of(author)
    assert "approved it" not in start_of(second)
    press(author, task, "launch")
    assert "approved it" not in start_of(author)


def test_an_approval_that_a_change_voided_is_not_told_as_one(
    author: User, second: User, task: Task
) -> None:
    press(author, task, "ask_approval")
    press(second, task, "approve")
    task.templates.update(subject="Other")
    told = start_of(author)
    assert "“Spring”: Changed since it was approved: the content." in told
    assert "You may launch it" not in told


@pytest.mark.parametrize("page", ["approve", "send_back"])
def test_strangers_and_viewers_do_not_decide(author: User, task: Task, page: str) -> None:
    press(author, task, "ask_approval")
    viewer, stranger = member(VIEWER), member(MANAGER)
    for user in (viewer, stranger):
        signed_in(user).post(url(task, page), {**CONFIRM, "words": "x"})
    assert Approval.objects.get().state == "asked"


def test_an_operator_may_approve(author: User, task: Task) -> None:
    press(author, task, "ask_approval")
    press(member(OPERATOR), task, "approve")
    assert Approval.objects.get().state == "approved"


def test_the_question_names_the_segments(author: User, task: Task) -> None:
    Task.objects.update(audience="tags")
    task.include_segments.add(SegmentFactory(owner=task.owner, name="Gardeners"))
    task.exclude_segments.add(SegmentFactory(owner=task.owner, name="Nurseries"))
    shown = page(author, task, "ask_approval")
    assert "contacts in any of the segments Gardeners, never those in Nurseries" in shown


class TestTheRule:
    """Of the brand of a team, changed by its members."""

    @pytest.fixture
    def brand(self, task: Task) -> Brand:
        return Brand.objects.get(owner=task.owner)

    def lift(self, user: User, brand: Brand) -> str:
        response = signed_in(user).get(address("campaigns.brand", "change", brand.pk))
        shown = response.context["adminform"].form.initial
        values = {name: value for name, value in shown.items() if value not in (None, True, False)}
        url = address("campaigns.brand", "change", brand.pk)
        told = page_of(signed_in(user).post(url, values, follow=True))
        brand.refresh_from_db()
        return told

    def test_is_lifted_by_who_may_approve(self, author: User, brand: Brand) -> None:
        self.lift(author, brand)
        assert not brand.needs_approval

    def test_is_not_lifted_by_who_may_not(self, author: User, brand: Brand) -> None:
        author.groups.clear()
        author.user_permissions.set(
            Permission.objects.filter(codename__in=["view_brand", "change_brand"])
        )
        assert "Only users who may approve campaigns can lift the rule" in self.lift(author, brand)
        assert brand.needs_approval

    def test_is_not_lifted_by_who_waits_for_an_approval(
        self, author: User, second: User, task: Task, brand: Brand
    ) -> None:
        press(author, task, "ask_approval")
        assert "You asked for an approval of “Spring”" in self.lift(author, brand)
        assert brand.needs_approval
        self.lift(second, brand)
        assert not brand.needs_approval

    def test_is_lifted_by_a_superuser_who_would_wait_for_ever(
        self, author: User, task: Task, brand: Brand
    ) -> None:
        press(author, task, "ask_approval")
        User.objects.filter(pk=author.pk).update(is_superuser=True)
        self.lift(User.objects.get(pk=author.pk), brand)
        assert not brand.needs_approval

    def test_is_not_lifted_by_deleting_the_brand(
        self, author: User, task: Task, brand: Brand
    ) -> None:
        press(author, task, "ask_approval")
        url = address("campaigns.brand", "delete", brand.pk)
        response = signed_in(author).post(url, {"post": "yes"})
        assert "You asked for an approval of “Spring”" in page_of(response, 403)
        assert Brand.objects.filter(pk=brand.pk).exists()

    def test_is_not_lifted_by_handing_the_brand_on(
        self, author: User, task: Task, brand: Brand
    ) -> None:
        press(author, task, "ask_approval")
        url = address("campaigns.brand", "change", brand.pk)
        response = signed_in(author).get(url)
        shown = response.context["adminform"].form.initial
        values = {name: value for name, value in shown.items() if value not in (None, False)}
        told = signed_in(author).post(url, {**values, "owner": author.pk})
        assert "You asked for an approval of “Spring”" in page_of(told)
        brand.refresh_from_db()
        assert brand.owner == task.owner
