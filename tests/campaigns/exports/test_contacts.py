"""Contacts as files: who is in them, and what of each."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.exports import asking, contacts, run
from campaigns.exports.asking import Export
from campaigns.exports.tables import Gone
from campaigns.models import Attribute, Contact, Operation, Suppression
from campaigns.operations import files
from tests.campaigns.admin.staff import MANAGER, VIEWER, member
from tests.campaigns.exports.files import csv_rows, xlsx_rows
from tests.factories import ContactFactory, OperationFactory, SegmentFactory, TagFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def exported(user: User, format: str = "csv", **chosen: Any) -> bytes:
    """Few rows, at once."""
    export = Export(user, contacts.NAME, format, chosen, "all contacts")
    keys = export.few_keys()
    assert keys is not None
    return b"".join(asking.file_of(export, keys))


def addresses(user: User, **chosen: Any) -> list[str]:
    return [row["email"] for row in csv_rows(exported(user, **chosen))]


class TestWhoIsInIt:
    def test_all_contacts_are_ones_own(self, user: User) -> None:
        ContactFactory(owner=user, email="own@example.com")
        ContactFactory(email="foreign@example.com")
        assert addresses(user) == ["own@example.com"]

    def test_those_of_an_import(self, user: User) -> None:
        operation = OperationFactory(owner=user)
        ContactFactory(owner=user, email="in@example.com", imported_by=operation)
        ContactFactory(owner=user, email="out@example.com")
        assert addresses(user, **{"import": operation.pk}) == ["in@example.com"]

    def test_those_of_a_segment(self, user: User) -> None:
        tag = TagFactory(owner=user)
        ContactFactory(owner=user, email="in@example.com").tags.add(tag)
        ContactFactory(owner=user, email="out@example.com")
        line = {"field": "tag", "operator": "has", "value": tag.pk}
        segment = SegmentFactory(owner=user, condition={"match": "all", "lines": [line]})
        assert addresses(user, segment=segment.pk) == ["in@example.com"]

    @pytest.mark.parametrize(
        "name, factory", [("segment", SegmentFactory), ("import", OperationFactory)]
    )
    def test_nothing_is_chosen_by_a_row_of_others(
        self, user: User, name: str, factory: Any
    ) -> None:
        with pytest.raises(Gone):
            addresses(user, **{name: factory().pk})

    def test_a_segment_that_cannot_be_used_says_so(self, user: User) -> None:
        segment = SegmentFactory(owner=user, name="Spring", condition={})
        with pytest.raises(Gone, match="“Spring” cannot be used"):
            addresses(user, segment=segment.pk)

    def test_no_key_of_others_is_followed(self, user: User) -> None:
        foreign = ContactFactory()
        assert addresses(user, ids=[foreign.pk]) == []

    def test_who_may_see_everything_has_the_contacts_of_all(self) -> None:
        ContactFactory(email="a@example.com")
        assert addresses(member(VIEWER)) == ["a@example.com"]


class TestARow:
    def test_has_what_an_import_takes_back(self, user: User) -> None:
        contact = ContactFactory(
            owner=user,
            email="ada@example.com",
            name="Ada, Countess",
            attributes={"city": "London", "points": 12.5, "member": True, "born": "1815-12-10"},
            tracking_consent=True,
            mail_consent="given",
            mail_consent_at=dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC),
        )
        contact.tags.add(TagFactory(owner=user, name="VIP"), TagFactory(owner=user, name="b"))
        assert csv_rows(exported(user)) == [
            {
                "email": "ada@example.com",
                "name": "Ada, Countess",
                "tags": "VIP, b",
                "tracking_consent": "yes",
                "mail_consent": "yes",
                "mail_consent_at": "2026-05-01T12:00:00Z",
                "born": "1815-12-10",
                "city": "London",
                "member": "yes",
                "points": "12.5",
            }
        ]

    def test_has_the_attributes_of_all_that_are_chosen_and_of_no_other(self, user: User) -> None:
        ContactFactory(owner=user, attributes={"a": "1"})
        ContactFactory(owner=user, attributes={"b": "2"})
        ContactFactory(attributes={"secret": "3"})
        assert [(row["a"], row["b"]) for row in csv_rows(exported(user))] == [("1", ""), ("", "2")]
        assert b"secret" not in exported(user)

    def test_quotes_tags_with_what_separates_tags(self, user: User) -> None:
        contact = ContactFactory(owner=user)
        contact.tags.add(
            TagFactory(owner=user, name="Seeds, bulbs"), TagFactory(owner=user, name="z")
        )
        assert csv_rows(exported(user))[0]["tags"] == '"Seeds, bulbs", "z"'

    def test_says_with_details_who_may_be_mailed(self, user: User) -> None:
        for name in ("a", "b"):
            ContactFactory(owner=user, email=f"{name}@example.com", attributes={"x": name})
        Suppression.objects.create(email="b@example.com")
        rows = csv_rows(exported(user, details=True))
        assert [(row["may_be_mailed"], row["x"]) for row in rows] == [("yes", "a"), ("no", "b")]

    def test_of_an_international_address_has_it_as_people_write_it(self, user: User) -> None:
        ContactFactory(owner=user, email="ada@xn--mnchen-3ya.example")
        assert addresses(user) == ["ada@münchen.example"]


class TestAnXlsx:
    def test_has_numbers_dates_and_yes_or_no_as_such(self, user: User) -> None:
        Attribute.objects.create(owner=user, key="born", kind="date")
        values = {"born": "1915-12-10", "points": 12, "rate": 0.5, "member": False, "zip": "01234"}
        ContactFactory(owner=user, attributes=values)
        row = xlsx_rows(exported(user, "xlsx"))[0]
        assert row["born"] == dt.datetime(1915, 12, 10)
        assert (row["points"], row["rate"], row["member"], row["zip"]) == (12, 0.5, False, "01234")

    def test_has_as_text_what_a_sheet_would_change(self, user: User) -> None:
        Attribute.objects.create(owner=user, key="born", kind="date")
        values = {"born": "1815-12-10", "card": 4111111111111111, "other": ["a", "b"]}
        ContactFactory(owner=user, attributes=values)
        row = xlsx_rows(exported(user, "xlsx"))[0]
        assert (row["born"], row["card"]) == ("1815-12-10", "4111111111111111")
        assert row["other"] == '["a", "b"]'


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_the_cluster_makes_the_same_file_as_the_page(
    user: User, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PIECE", 2)
    for number in range(5):
        ContactFactory(owner=user, attributes={"n": number})
    operation = asking.start(Export(user, contacts.NAME, format, {}, "all contacts"))
    operation.state = "running"
    operation.save()
    while run.step(operation):
        operation = Operation.objects.get(pk=operation.pk)
    file = operation.files.get()
    read = {"csv": csv_rows, "xlsx": xlsx_rows}[format]
    assert file.role == "download"
    assert read(b"".join(files.parts_of(file))) == read(exported(user, format))
    assert (operation.done, operation.total, operation.result["rows"]) == (5, 5, 5)


def test_a_contact_that_is_deleted_meanwhile_is_left_out(user: User) -> None:
    ContactFactory.create_batch(3, owner=user)
    operation = asking.start(Export(user, contacts.NAME, "csv", {}, "all contacts"))
    run.step(operation)
    Contact.objects.earliest("pk").delete()
    assert run.step(operation) is False
    assert (operation.total, operation.result["rows"]) == (3, 2)
