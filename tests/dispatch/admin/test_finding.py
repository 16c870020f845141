"""Did Ada get it? Messages by part of an address, over all campaigns."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from dispatch.admin import finding
from tests.campaigns.admin.staff import (
    MANAGER,
    NOBODY,
    SUPERUSER,
    member,
    page_of,
    signed_in,
)
from tests.dispatch.admin.test_big_lists import SUBTASKS
from tests.factories import (
    ContactFactory,
    ContentFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TeamFactory,
)
from tests.plans import explained

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def message(owner: Any, address: str, is_contact: bool = True, **values: Any) -> int:
    if is_contact:
        ContactFactory(owner=owner, email=address, name=values.pop("name", "Someone"))
    task = SendingTaskFactory(owner=owner, name=values.pop("campaign", "Spring"))
    return int(SubTaskFactory(task=task, recipient_email=address, **values).pk)


def found(words: str, user: User) -> list[int]:
    return [each.pk for each in finding.find(words, user).messages]


class TestFinds:
    @pytest.mark.parametrize(
        "words",
        [
            "lovelace",
            "ADA.LOVE",
            "@engines.example",
            "ce@eng",
            "ada.lovelace@engines.example",
            "Byron",
        ],
    )
    def test_by_any_part_of_address_or_name(self, user: User, words: str) -> None:
        key = message(user, "ada.lovelace@engines.example", name="Ada Byron")
        message(user, "someone@else.example")
        assert found(words, user) == [key]

    def test_over_all_campaigns_the_newest_first(self, user: User) -> None:
        first = message(user, "ada@example.com")
        task = SendingTaskFactory(owner=user)
        second = SubTaskFactory(task=task, recipient_email="ada@example.com").pk
        assert found("ada@ex", user) == [second, first]

    def test_of_teams_too(self, user: User) -> None:
        team = TeamFactory(members=[user])
        assert found("ada", user) == []
        key = message(team.account, "ada@example.com")
        assert found("ada", user) == [key]

    def test_nothing_of_other_owners(self, user: User) -> None:
        other = member(MANAGER)
        message(other, "ada@example.com")
        ContactFactory(owner=user, email="ada@example.com")
        assert found("ada", user) == []
        assert found("ada@example.com", user) == []
        assert len(found("ada", member(SUPERUSER))) == 1

    def test_who_is_no_contact_by_the_whole_address(self, user: User) -> None:
        key = message(user, "ada@example.com", is_contact=False)
        assert found("ada@exam", user) == []
        assert found(" Ada@Example.com ", user) == [key]

    def test_an_address_in_another_spelling(self, user: User) -> None:
        key = message(user, "ada@xn--bcher-kva.example")
        assert found("bücher", user) == [key]
        assert found("ada@bücher.example", user) == [key]

    @pytest.mark.parametrize("words", ["", "  ", "ad", "\x00ada", "%%%", "____"])
    def test_nothing_by_odd_words(self, user: User, words: str) -> None:
        message(user, "ada@example.com")
        assert found(words, user) == []

    def test_no_more_than_a_page(self, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(finding, "MOST_MESSAGES", 2)
        keys = [message(user, f"ada{n}@example.com") for n in range(3)]
        answer = finding.find("ada", user)
        assert [each.pk for each in answer.messages] == keys[:0:-1]
        assert answer.more

    def test_in_few_queries(
        self, user: User, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for n in range(5):
            message(user, f"ada{n}@example.com")
        user = User.objects.get(pk=user.pk)
        with django_assert_max_num_queries(10):
            finding.find("ada@", user)

    def test_reads_few_of_many_messages(self, user: User) -> None:
        key = message(user, "ada@example.com")
        with connection.cursor() as cursor:
            for _ in range(3):
                task = SendingTaskFactory(owner=user)
                content = ContentFactory(task=task)
                cursor.execute(SUBTASKS, [task.pk, content.pk, 3_000])
            cursor.execute("ANALYZE campaigns_subtask")
        with explained() as plans:
            assert found("ada@", user) == [key]
        read = sum(scan.rows for scan in plans.scans if scan.table == "campaigns_subtask")
        assert read <= 20


class TestThePage:
    def page(self, user: User, words: str) -> str:
        response = signed_in(user).get(reverse("found_messages"), {"q": words})
        return html.unescape(page_of(response))

    def test_tells_what_became_of_it(self, user: User) -> None:
        message(user, "ada@example.com", status="delivered", service=EmailServiceFactory())
        page = self.page(user, "ada")
        for text in ("ada@example.com", "Spring", "Delivered"):
            assert text in page

    def test_says_that_there_is_none(self, user: User) -> None:
        assert "No message to “<b>ada” was found" in self.page(user, "<b>ada")

    def test_asks_for_more_of_the_address(self, user: User) -> None:
        assert "Write at least three characters." in self.page(user, "ad")

    def test_is_for_those_who_may_see_messages(self) -> None:
        client = signed_in(member(NOBODY))
        assert client.get(reverse("found_messages")).status_code == 403


class TestThePalette:
    def results(self, user: User, words: str) -> str:
        response = signed_in(user).get("/admin/search/", {"s": words, "extended": "1"})
        return html.unescape(page_of(response))

    def test_has_the_message_and_what_became_of_it(self, user: User) -> None:
        key = message(user, "ada@example.com", campaign="Summer")
        found = self.results(user, "ada@")
        assert reverse("admin:campaigns_subtask_change", args=[key]) in found
        assert "Summer – Pending" in found

    def test_is_fresh(self, user: User) -> None:
        assert "ada@example.com" not in self.results(user, "ada@")
        message(user, "ada@example.com")
        assert "ada@example.com" in self.results(user, "ada@")

    def test_leads_to_more(self, user: User) -> None:
        for n in range(9):
            message(user, f"ada{n}@example.com")
        assert f"{reverse('found_messages')}?q=ada" in self.results(user, "ada")

    def test_has_nothing_for_those_who_may_not_see_messages(self, user: User) -> None:
        message(user, "ada@example.com")
        assert "ada@example.com" not in self.results(member(NOBODY), "ada@")
