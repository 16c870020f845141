"""Addresses in domains beyond ASCII are shown as people write them, and found in both spellings."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.addresses import as_stored, as_written
from campaigns.models import Suppression
from tests.campaigns.admin.staff import SUPERUSER, address, member, page_of, signed_in
from tests.factories import ContactFactory, SubTaskFactory

pytestmark = pytest.mark.django_db

STORED, WRITTEN = "ann@xn--bcher-kva.example", "ann@bücher.example"


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        (STORED, WRITTEN),
        ("@xn--bcher-kva.example", "@bücher.example"),
        ("ann@xn--fsqu00a.xn--0zwm56d", "ann@例子.测试"),
        ("ann@example.com", "ann@example.com"),
        ("ann@xn--99999.example", "ann@xn--99999.example"),
        ("#ab12", "#ab12"),
    ],
)
def test_a_stored_address_is_written_as_people_do(stored: str, written: str) -> None:
    assert as_written(stored) == written


@pytest.mark.parametrize(
    ("words", "stored"),
    [
        (WRITTEN, STORED),
        ("ANN@BÜCHER.example", "ANN@xn--bcher-kva.example"),
        ("bücher", "xn--bcher-kva"),
        ("@例子.测试", "@xn--fsqu00a.xn--0zwm56d"),
        ("jörg@example.com", "jörg@example.com"),
        ("ann bob", "ann bob"),
        ("ann@bü..cher", "ann@bü..cher"),
    ],
)
def test_words_are_searched_for_in_the_stored_spelling(words: str, stored: str) -> None:
    assert as_stored(words) == stored


SPELLINGS = pytest.mark.parametrize(
    "words", [STORED, WRITTEN, "ann@BÜCHER.example", "bücher.example", "xn--bcher-kva"]
)


def found(model: str, words: str) -> str:
    client = signed_in(member(SUPERUSER))
    return page_of(client.get(address(model, "changelist"), {"q": words}))


@SPELLINGS
def test_a_contact_is_found_and_shown(words: str) -> None:
    ContactFactory(email=STORED)
    page = found("campaigns.contact", words)
    assert f">{WRITTEN}</a>" in page


def test_a_name_beyond_ascii_is_found_all_the_same() -> None:
    ContactFactory(name="Jörg Müller", email="joerg@example.com")
    assert ">joerg@example.com</a>" in found("campaigns.contact", "Müller")


@SPELLINGS
def test_a_suppression_is_found_and_shown(words: str) -> None:
    Suppression.objects.create(email=STORED)
    assert f">{WRITTEN}</a>" in found("campaigns.suppression", words)


@pytest.mark.parametrize("words", [STORED, WRITTEN])
def test_a_subtask_is_found_and_shown(words: str) -> None:
    subtask = SubTaskFactory(recipient_email=STORED)
    page = found("campaigns.subtask", words)
    assert f">{WRITTEN}</a>" in page
    client = signed_in(member(SUPERUSER))
    assert WRITTEN in page_of(client.get(address("campaigns.subtask", "change", subtask.pk)))


@pytest.mark.parametrize("words", [STORED, WRITTEN, "bücher"])
def test_an_autocomplete_finds_the_contact(words: str) -> None:
    contact = ContactFactory(email=STORED)
    query: dict[str, Any] = {
        "app_label": "campaigns", "model_name": "task", "field_name": "contacts", "term": words,
    }  # fmt: skip
    answer = signed_in(member(SUPERUSER)).get("/admin/autocomplete/", query).json()
    assert [row["id"] for row in answer["results"]] == [str(contact.pk)]
