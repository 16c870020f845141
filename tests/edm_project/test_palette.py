"""The command palette finds rows by name and people by address, each as far as one may see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from tests.campaigns.admin.staff import MANAGER, NOBODY, SUPERUSER, member, signed_in
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    SegmentFactory,
    TagFactory,
    TaskFactory,
    TemplateFactory,
)

pytestmark = pytest.mark.django_db


def ask(user: User, words: str) -> dict[str, str]:
    """What is found: the title of each by the address that it leads to."""
    response: Any = signed_in(user).get(reverse("admin:search"), {"s": words, "extended": "1"})
    assert response.status_code == 200
    return {each.link: str(each.title) for each in response.context_data["results"]}


def page(name: str, key: int) -> str:
    return reverse(f"admin:{name}_change", args=[key])


def test_each_kind_is_found_by_a_part_of_its_name() -> None:
    user = member(SUPERUSER)
    rows = {
        "campaigns_task": TaskFactory(owner=user, name="The Tulip days"),
        "campaigns_template": TemplateFactory(owner=user, name="Tulips"),
        "campaigns_segment": SegmentFactory(owner=user, name="Who likes tulips"),
        "campaigns_tag": TagFactory(owner=user, name="tulip"),
        "dispatch_emailservice": EmailServiceFactory(name="Tulip mail"),
    }
    found = ask(user, "tulip")
    assert {page(name, row.pk): str(row) for name, row in rows.items()}.items() <= found.items()


def test_a_person_is_found_to_whom_nothing_was_sent() -> None:
    user = member(MANAGER)
    ada = ContactFactory(owner=user, email="ada@example.com", name="Ada")
    assert ask(user, "ADA@ex")[page("campaigns_contact", ada.pk)] == "ada@example.com"


def test_what_another_owner_has_is_not_found() -> None:
    other = member(MANAGER)
    TaskFactory(owner=other, name="Tulip days")
    ContactFactory(owner=other, email="tulip@example.com")
    assert ask(member(MANAGER), "tulip") == {}


def test_one_who_may_see_nothing_finds_nothing() -> None:
    owner, nothing = member(MANAGER), member(NOBODY)
    TaskFactory(owner=owner, name="Tulip days")
    ContactFactory(owner=owner, email="tulip@example.com")
    EmailServiceFactory(name="Tulip mail")
    assert ask(nothing, "tulip") == {}


def test_the_newest_of_a_kind_are_enough() -> None:
    user = member(MANAGER)
    tags = [TagFactory(owner=user, name=f"tulip {n}") for n in range(6)]
    found = [link for link in ask(user, "tulip") if "/tag/" in link]
    assert found == [page("campaigns_tag", each.pk) for each in reversed(tags[2:])]


@pytest.mark.parametrize("words", ["\x00", "tu\x00lip", '"tulip', "%_", "'; --", "t" * 5000])
def test_any_words_are_taken(words: str) -> None:
    assert isinstance(ask(member(MANAGER), words), dict)
