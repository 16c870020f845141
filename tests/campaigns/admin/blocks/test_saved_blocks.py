"""The pages of blocks that are kept: what they say, and how they look."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from campaigns.models import Brand, SavedBlock
from tests.campaigns.admin.staff import MANAGER, address, member, page_of, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def kept(user: User, called: str = "Greeting", **block: str) -> SavedBlock:
    return SavedBlock.objects.create(owner=user, name=called, block={"id": "a", **block})


def test_the_page_shows_the_block_in_the_look_of_the_brand(user: User) -> None:
    Brand.objects.create(owner=user, name="Acme", button_colour="#123456")
    saved = kept(user, kind="button", text="Come in", link="https://example.com/")
    page = page_of(signed_in(user).get(address("campaigns.savedblock", "change", saved.pk)))
    assert "Come in" in page and "#123456" in page
    assert "How it looks in a message" in page


def test_a_block_is_shown_whatever_its_name_has(user: User) -> None:
    saved = kept(user, "{% if %} {{ x", kind="text", text="Come in")
    page = page_of(signed_in(user).get(address("campaigns.savedblock", "change", saved.pk)))
    assert "<iframe" in page


def test_a_block_that_cannot_be_shown_has_its_page_all_the_same(user: User) -> None:
    saved = kept(user, kind="gone")
    response = signed_in(user).get(address("campaigns.savedblock", "change", saved.pk))
    assert "The block cannot be shown just now." in page_of(response)


def test_the_list_has_the_first_words(user: User) -> None:
    kept(user, kind="text", text="Hello {{ name }}")
    page = page_of(signed_in(user).get(address("campaigns.savedblock", "changelist")))
    assert "Hello {{ name }}" in page
