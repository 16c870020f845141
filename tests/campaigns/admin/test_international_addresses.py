"""Addresses in domains beyond ASCII are shown as people write them, and found in both spellings."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.test import RequestFactory

from addressing.addresses import as_stored, as_written, with_addresses_as_written
from campaigns.models import Contact, SubTask, Suppression
from dispatch.admin.services.test_mail import TestMailForm
from privacy import export
from privacy.erasure import erase
from tests.campaigns.admin.staff import (
    MANAGER,
    SUPERUSER,
    VIEWER,
    address,
    entries,
    member,
    page_of,
    signed_in,
)
from tests.factories import ContactFactory, SubTaskFactory, TemplateFactory
from tests.security.scaling import assert_linear
from tracking.models import Event

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
        ("ann@xn--strae-oqa.example", "ann@straße.example"),
        ("ann@xn--e1afmkfd.xn--p1ai", "ann@пример.рф"),
        ("ann@xn--hxajbheg2az3al.example", "ann@παράδειγμα.example"),
        ("ann@xn--eckwd4c7cu47r2wf.jp", "ann@ドメイン名例.jp"),
        ("ann@xn--3e0b707e.example", "ann@한국.example"),
        ("ann@xn--mgbh0fb.xn--kgbechtv", "ann@مثال.إختبار"),
        ("ann@xn--p1b6ci4b4b3a.xn--11b5bs3a9aj6g", "ann@उदाहरण.परीक्षा"),
    ],
)
def test_a_stored_address_is_written_as_people_do(stored: str, written: str) -> None:
    assert as_written(stored) == written


@pytest.mark.parametrize(
    "written",
    [
        "аpple.example",  # а is Cyrillic
        "раураl.example",
        "аррӏе.example",  # all of it is Cyrillic
        "gοοgle.example",  # ο is Greek
        "ɡoogle.example",  # a letter of the phonetic alphabet
        "goog\u0332le.example",  # a line below
        "نامه\u200cای.example",  # a joiner that is not seen
        "क्\u200dष.example",
        "sub.аpple.bücher.example",
        "ক১a.example",  # Bengali and Latin
        "कক.example",
    ],
)
def test_a_domain_that_could_be_taken_for_another_stays_as_it_is_stored(written: str) -> None:
    labels = [
        label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"
        for label in written.split(".")
    ]
    stored = f"ann@{'.'.join(labels)}"
    assert as_written(stored) == stored


@pytest.mark.parametrize(
    "domain",
    [
        "xn--a.example",
        "xn--.example",
        "xn--bcher-kva-.example",
        "xn--BCHER-KVA.example",
        "xn--" + "a" * 300,
        "xn--bcher\u202e.example",
        "xn--wgv71a\n.example",
        "xn--abc-ued\u200b.example",
    ],
)
def test_what_is_no_domain_stays(domain: str) -> None:
    assert as_written(f"ann@{domain}") == f"ann@{domain}"


def test_addresses_in_a_text_are_written_as_people_do() -> None:
    text = f"SubTask 5 to {STORED}, and {STORED}. xn--bcher-kva"
    assert with_addresses_as_written(text) == (
        f"SubTask 5 to {WRITTEN}, and {WRITTEN}. xn--bcher-kva"
    )


@pytest.mark.parametrize("piece", ["a@xn--", "@", "xn--", "a@xn--bcher-kva.", "@a."])
def test_looking_for_addresses_takes_time_in_proportion_to_the_text(piece: str) -> None:
    assert_linear(with_addresses_as_written, lambda size: piece * (size // len(piece)))


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
    assert WRITTEN in answer["results"][0]["text"]


ROWS: dict[str, Callable[[], Contact | Suppression | SubTask]] = {
    "campaigns.contact": lambda: ContactFactory(email=STORED),
    "campaigns.suppression": lambda: Suppression.objects.create(email=STORED),
    "campaigns.subtask": lambda: SubTaskFactory(recipient_email=STORED, variables={}),
}


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("shown", ["change", "history", "delete"])
@pytest.mark.parametrize("role", [SUPERUSER, VIEWER])
def test_the_pages_of_one_row_have_only_the_written_form(kind: str, shown: str, role: str) -> None:
    response = signed_in(member(role)).get(address(kind, shown, ROWS[kind]().pk))
    if shown == "delete" and (role == VIEWER or kind == "campaigns.subtask"):
        assert response.status_code == 403
    else:
        assert WRITTEN in page_of(response)
        assert STORED not in page_of(response)


@pytest.mark.parametrize("kind", ["campaigns.contact", "campaigns.suppression"])
@pytest.mark.parametrize("entered", [WRITTEN, STORED, "Ann@BÜCHER.example "])
def test_an_address_is_taken_in_either_form_and_stored_in_one(kind: str, entered: str) -> None:
    row = ROWS[kind]()
    form = {"email": entered, "owner": getattr(row, "owner_id", ""), "attributes": "{}",
            "reason": "manual", "source": "by phone"}  # fmt: skip
    response = signed_in(member(SUPERUSER)).post(address(kind, "change", row.pk), form, follow=True)
    row.refresh_from_db()
    assert not isinstance(row, SubTask)
    assert row.email == STORED
    assert f"{WRITTEN}</a>” was changed" in page_of(response)


def test_an_address_that_was_not_touched_did_not_change() -> None:
    row = ROWS["campaigns.suppression"]()
    form = {"email": WRITTEN, "reason": "manual", "source": "by phone"}
    signed_in(member(SUPERUSER)).post(address("campaigns.suppression", "change", row.pk), form)
    ((_, done),) = entries(row)
    assert done == "Changed Source."


def test_deceptive_domains_stay_ascii_on_a_page() -> None:
    stored = "ann@xn--pple-43d.example"
    contact = ContactFactory(email=stored)
    page = page_of(
        signed_in(member(SUPERUSER)).get(address("campaigns.contact", "change", contact.pk))
    )
    assert f'value="{stored}"' in page


@pytest.mark.parametrize("noted", [STORED, WRITTEN])
@pytest.mark.parametrize("words", [STORED, WRITTEN, "bücher", "xn--bcher-kva"])
def test_the_history_has_one_form_and_finds_both(noted: str, words: str) -> None:
    user = member(SUPERUSER)
    LogEntry.objects.create(
        user=user,
        object_repr=noted,
        action_flag=CHANGE,
        change_message=f"Test to {noted} accepted.",
    )
    page = page_of(signed_in(user).get(address("admin.logentry", "changelist"), {"q": words}))
    assert f"Test to {WRITTEN} accepted." in page
    assert f"Test to {STORED}" not in page


def test_an_event_is_shown() -> None:
    Event.objects.create(kind="opened", recipient=STORED, source="x", dedupe_key="1")
    client = signed_in(member(SUPERUSER))
    list_page = page_of(client.get(address("tracking.event", "changelist")))
    own_page = page_of(client.get(address("tracking.event", "change", Event.objects.get().pk)))
    for page in (list_page, own_page):
        assert WRITTEN in page
        assert STORED not in page


def test_a_preview_names_its_contact_and_takes_it_back() -> None:
    contact = ContactFactory(email=STORED)
    template = TemplateFactory(owner=contact.owner, html="<p>Hi</p>")
    client = signed_in(member(SUPERUSER))
    url = address("campaigns.template", "preview", template.pk)
    for query in ({}, {"contact": WRITTEN}, {"contact": STORED}):
        assert f"<p>For {WRITTEN}</p>" in page_of(client.get(url, query))


@pytest.mark.parametrize(
    "noted", [STORED, WRITTEN, json.dumps([{"added": {"name": "x", "object": WRITTEN}}])]
)
def test_an_erased_address_goes_from_the_history_in_both_forms(noted: str) -> None:
    LogEntry.objects.create(
        user=member(SUPERUSER), object_repr=noted, action_flag=CHANGE, change_message=noted
    )
    assert len(export.collect(STORED)["history"]) == 1
    erase(STORED)
    entry = LogEntry.objects.get()
    assert "cher" not in f"{entry.object_repr} {entry.change_message}"


def test_a_test_goes_to_ones_own_address_in_either_form() -> None:
    user = member(MANAGER, email=WRITTEN)
    request = RequestFactory().get("/")
    request.user = user
    form = TestMailForm({"to": STORED}, request)
    form.is_valid()
    assert "to" not in form.errors
