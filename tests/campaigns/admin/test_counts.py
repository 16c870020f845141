"""The numbers of a campaign before and after its launch, each with its list."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client

from campaigns.admin.recipients import numbers
from campaigns.launching import launch
from campaigns.models import (
    Contact,
    Promise,
    PromisedContacts,
    SubTask,
    Suppression,
    Task,
)
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    NOBODY,
    address,
    member,
    numbers_on,
    page_of,
    signed_in,
)
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    TagFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
FUTURE = dt.timedelta(seconds=1)
PEOPLE = ("ada", "bob", "cem", "dan", "eve")


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def task(user: User) -> Task:
    """Five contacts: two are left out."""
    EmailServiceFactory()
    made: Task = TaskFactory(owner=user, name="Spring")
    for name in PEOPLE:
        ContactFactory(owner=user, email=f"{name}@example.com", name=name.capitalize())
    Suppression.objects.create(email="dan@example.com", reason="unsubscribed")
    contact("eve").update(mail_consent="refused")
    return made


def contact(name: str) -> Any:
    return Contact.objects.filter(email=f"{name}@example.com")


def question(client: Client, task: Task, query: str = "") -> str:
    return page_of(client.get(address("campaigns.task", "launch", task.pk) + query))


def promise_on(page: str) -> str:
    return str(re.findall(r'name="promise" value="(\d+)"', page)[0])


def links(page: str) -> list[str]:
    found = re.findall(r'href="([^"]*/recipients/\?[^"]*)"', page)
    return [each.replace("&amp;", "&") for each in found]


def addresses(client: Client, url: str) -> list[str]:
    page = page_of(client.get(url))
    return re.findall(r"data-address>(?:<a[^>]*>)?([^<]*)<", page)


def launched(client: Client, task: Task, page: str) -> str:
    """Confirm what a page shows, launch, and return the task's page."""
    data = {**CONFIRM, "promise": promise_on(page)}
    client.post(address("campaigns.task", "launch", task.pk), data)
    launch.expand(task.pk)
    return page_of(client.get(address("campaigns.task", "change", task.pk)))


def compared(page: str) -> str:
    text = re.findall(r"<p[^>]*data-comparison>(.*?)</p>", page)[0]
    return " ".join(re.sub(r"<[^>]*>|\([^)]*\)", "", text).split())


class TestTheQuestion:
    def test_has_the_numbers_and_each_opens_its_list(self, user: User, task: Task) -> None:
        client = signed_in(user)
        page = question(client, task)
        assert numbers_on(page) == {
            "Will be sent": "3",
            "The address is suppressed": "1",
            "Did not agree to be mailed": "1",
        }
        assert [addresses(client, url) for url in links(page)] == [
            ["ada@example.com", "bob@example.com", "cem@example.com"],
            ["dan@example.com"],
            ["eve@example.com"],
        ]

    def test_of_a_big_audience_is_shown_at_once_and_asks_for_the_numbers(
        self, user: User, task: Task, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(numbers, "AT_ONCE", 4)
        client = signed_in(user)
        page = question(client, task)
        assert 'hx-trigger="load"' in page
        assert numbers_on(page) == {}
        assert not Promise.objects.exists()
        assert numbers_on(question(client, task, "?counted=1"))["Will be sent"] == "3"

    def test_of_an_audience_that_is_left_out_whole_offers_no_button(
        self, user: User, task: Task
    ) -> None:
        Contact.objects.update(mail_consent="refused")
        page = question(signed_in(user), task)
        assert "Its audience is empty" in page
        assert 'name="confirmed"' not in page
        assert numbers_on(page)["Did not agree to be mailed"] == "4"

    def test_of_an_empty_audience_has_only_zeros(self, user: User, task: Task) -> None:
        Contact.objects.all().delete()
        page = question(signed_in(user), task)
        assert numbers_on(page) == {}
        assert "<dt>Contacts in it</dt> <dd" in page

    def test_keeps_only_a_few_that_were_not_confirmed(self, user: User, task: Task) -> None:
        client = signed_in(user)
        for _ in range(8):
            question(client, task)
        assert Promise.objects.count() == 5


class TestLists:
    def test_go_on_from_page_to_page(
        self, user: User, task: Task, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("campaigns.admin.recipients.lists.PER_PAGE", 2)
        client = signed_in(user)
        url = links(question(client, task))[0]
        page = page_of(client.get(url))
        base = url.partition("?")[0]
        [following] = re.findall(r'href="(\?[^"]*)" rel="next"', page)
        assert addresses(client, base + following.replace("&amp;", "&")) == ["cem@example.com"]

    def test_of_others_are_not_found(self, user: User, task: Task) -> None:
        url = links(question(signed_in(user), task))[0]
        assert signed_in(member(MANAGER)).get(url).status_code == 404

    def test_do_not_show_the_promise_of_another_task(self, user: User, task: Task) -> None:
        client = signed_in(user)
        promise = promise_on(question(client, task))
        other = TaskFactory(owner=user)
        url = address("campaigns.task", "recipients", other.pk)
        assert client.get(f"{url}?promise={promise}&reason=sent").status_code == 404

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "?promise=1",
            "?promise=999999999999999999999&reason=sent",
            "?promise=x&reason=sent",
            "?left_out=all",
            "?change=all",
            "?left_out=%00",
        ],
    )
    def test_that_do_not_exist_are_not_found(self, user: User, task: Task, query: str) -> None:
        url = address("campaigns.task", "recipients", task.pk)
        assert signed_in(user).get(url + query).status_code == 404

    def test_are_not_for_staff_who_may_see_no_contacts(self, task: Task) -> None:
        task.owner = member(NOBODY)
        task.save()
        url = address("campaigns.task", "recipients", task.pk)
        assert signed_in(task.owner).get(f"{url}?left_out=paused").status_code in (403, 404)

    def test_show_those_left_out_after_the_launch(self, user: User, task: Task) -> None:
        client = signed_in(user)
        page = launched(client, task, question(client, task))
        assert 'data-figure="Left out">2<' in page
        assert [addresses(client, url) for url in links(page)[:2]] == [
            ["dan@example.com"],
            ["eve@example.com"],
        ]


class TestPromiseAndResult:
    def after(self, user: User, task: Task, *changes: Any) -> tuple[str, list[list[str]]]:
        client = signed_in(user)
        page = question(client, task)
        for change in changes:
            change()
        done = launched(client, task, page)
        lists = [addresses(client, url) for url in links(done) if "change=" in url]
        return compared(done), lists

    def test_equal_is_said(self, user: User, task: Task) -> None:
        said, lists = self.after(user, task)
        assert said == "Promised 3 and made 3, the same contacts ."
        assert lists == []

    def test_every_difference_is_named_and_opens_its_list(self, user: User, task: Task) -> None:
        def unsubscribe() -> None:
            Suppression.objects.create(email="ada@example.com", reason="unsubscribed")

        said, lists = self.after(user, task, unsubscribe, contact("bob").delete)
        assert said == "Promised 3 , made 1: 1 was deleted, 1 unsubscribed since."
        assert lists == [["This contact was deleted."], ["ada@example.com"]]

    def test_a_contact_added_since_is_named(self, user: User, task: Task) -> None:
        def add() -> None:
            ContactFactory(owner=user, email="new@example.com")
            contact("new").update(created_at=Now() + FUTURE)

        said, lists = self.after(user, task, add)
        assert said == "Promised 3 , made 4: 1 was added since."
        assert lists == [["new@example.com"]]

    def test_a_bounce_consent_or_pause_since_is_named(self, user: User, task: Task) -> None:
        def bounce() -> None:
            Suppression.objects.create(email="ada@example.com", reason="hard_bounce")

        def refuse() -> None:
            contact("bob").update(mail_consent="refused")

        said, lists = self.after(user, task, bounce, refuse)
        assert said == (
            "Promised 3 , made 1: 1 left out since: did not agree to be mailed, "
            "1 left out since: the address is suppressed."
        )
        assert lists == [["bob@example.com"], ["ada@example.com"]]

    def test_one_left_out_that_is_sent_after_all_is_named(self, user: User, task: Task) -> None:
        def agree() -> None:
            contact("eve").update(mail_consent="given")

        said, lists = self.after(user, task, agree)
        assert said == "Promised 3 , made 4: 1 no longer left out: did not agree to be mailed."
        assert lists == [["eve@example.com"]]

    def test_a_tag_taken_off_is_named(self, user: User, task: Task) -> None:
        tag = TagFactory(owner=user)
        tag.contacts.set(Contact.objects.filter(owner=user))
        task.audience = "tags"
        task.save()
        task.include_tags.add(tag)

        said, lists = self.after(user, task, lambda: tag.contacts.remove(contact("cem").get()))
        assert said == (
            "Promised 3 , made 2: 1 is not in the audience any more, by a tag, segment or choice."
        )
        assert lists == [["cem@example.com"]]

    def test_another_address_is_named_though_the_number_is_the_same(
        self, user: User, task: Task
    ) -> None:
        said, lists = self.after(user, task, lambda: contact("ada").update(email="ada@example.org"))
        assert (
            said == "Promised 3 and made 3, the same contacts . Besides: 1 has another address now."
        )
        assert lists == [["ada@example.org"]]
        assert SubTask.objects.filter(recipient_email="ada@example.org").exists()

    def test_another_reason_is_named_though_the_number_is_the_same(
        self, user: User, task: Task
    ) -> None:
        said, lists = self.after(
            user, task, lambda: Suppression.objects.create(email="eve@example.com")
        )
        assert "Besides: 1 left out for another reason: the address is suppressed" in said
        assert lists == [["eve@example.com"]]

    def test_what_was_shown_holds_though_it_was_long_ago(self, user: User, task: Task) -> None:
        client = signed_in(user)
        first = question(client, task)
        contact("ada").delete()
        question(client, task)
        done = launched(client, task, first)
        assert compared(done) == "Promised 3 , made 2: 1 was deleted."

    def test_identities_are_kept_no_longer_than_needed(self, user: User, task: Task) -> None:
        client = signed_in(user)
        launched(client, task, question(client, task))
        assert Promise.objects.count() == 1
        assert not PromisedContacts.objects.exists()
