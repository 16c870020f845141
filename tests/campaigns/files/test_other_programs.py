"""What other programs export comes in as it is. The files are ours, their headings are theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.files.composite_cells import attributes_of, tags_of
from campaigns.files.contact_columns import keys_of
from campaigns.imports.report import ImportReport
from campaigns.imports.writing.contacts import import_contacts
from campaigns.models import Contact, Suppression
from tests.factories import UserFactory

EXPORTS = Path(__file__).parents[2] / "data" / "exports"


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ('"VIP","Garden, spring"', ["VIP", "Garden, spring"]),
        ('"VIP"', ["VIP"]),
        ('"VIP", "a ""b"""', ["VIP", 'a "b"']),
        ("a, b; c", ["a", " b", " c"]),
        ('the "best", b', ['the "best"', " b"]),
        ('"open, b', ['"open', " b"]),
        ("", [""]),
    ],
)
def test_tags_that_are_quoted_one_by_one_may_have_commas(cell: str, tags: list[str]) -> None:
    assert tags_of(cell) == tags


@pytest.mark.parametrize(
    ("cell", "attributes"),
    [
        ('{"city": "Malmö", "age": 36, "member": true}', {"city": "Malmö", "age": 36, "member": True}),
        ('{"shop": {"orders": 3, "last": {"item": "rose"}}}', {"shop_orders": 3, "shop_last_item": "rose"}),
        ('{"likes": ["roses", "ferns"], "n": [1, 2]}', {"likes": "roses, ferns", "n": "1, 2"}),
        ('{"a": [{"b": 1}]}', {"a": '[{"b": 1}]'}),
        ('{"First Name": "Ada", "email": "x"}', {"first_name": "Ada", "field_email": "x"}),
        ('{"a": null, "b": "", "c": [], "!": 1}', {}),
        ("{}", {}),
        (' {"a": 1}', {"a": 1}),
    ],
)  # fmt: skip
def test_a_cell_of_json_is_attributes(cell: str, attributes: dict[str, Any]) -> None:
    assert attributes_of(cell) == attributes


@pytest.mark.parametrize(
    "cell",
    ["", "x", "[1]", "3", '{"a": NaN}', '{"a": 1e999}', "{", '{"a":' * 100_000, r'{"a": "\u0000"}',
     r'{"a": "\ud800"}', '{"a": ' + "1" * 5_000 + "}"],
)  # fmt: skip
def test_a_cell_that_is_no_object_or_cannot_be_stored_stays_text(cell: str) -> None:
    assert attributes_of(cell) is None


def test_a_name_beside_a_last_name_is_the_first_name() -> None:
    assert keys_of(["Email", "Name", "Last name"]) == ["email", "first_name", "last_name"]
    assert keys_of(["Email", "Name", "First name", "Last name"])[1] == "name"


@pytest.mark.django_db
class TestAnExportOf:
    @pytest.fixture
    def owner(self) -> User:
        return UserFactory()

    def load(self, owner: User, name: str) -> ImportReport:
        with (EXPORTS / f"{name}.csv").open("rb") as file:
            return import_contacts(file, owner, may_suppress=True)

    def contact(self, email: str) -> Contact:
        return Contact.objects.get(email=email)

    def suppressed(self) -> dict[str, str]:
        return dict(Suppression.objects.values_list("email", "reason"))

    def test_mailchimp_has_tags_and_names(self, owner: User) -> None:
        report = self.load(owner, "mailchimp_subscribed")
        ada = self.contact("ada@example.com")
        assert (report.created, len(report.rejected), report.notes) == (3, 0, [])
        assert ada.name == "Ada Lovelace"
        assert {tag.name for tag in ada.tags.all()} == {"VIP", "Garden, spring"}
        assert ada.attributes["confirm_time"] == "2024-03-14 09:14:00"
        assert not Suppression.objects.exists()

    def test_mailchimp_s_unsubscribed_are_suppressed(self, owner: User) -> None:
        report = self.load(owner, "mailchimp_unsubscribed")
        assert (report.created, report.notes) == (2, [])
        assert self.suppressed() == {
            "bob@example.com": "unsubscribed",
            "cy@example.com": "unsubscribed",
        }

    def test_mailchimp_s_cleaned_are_suppressed(self, owner: User) -> None:
        report = self.load(owner, "mailchimp_cleaned")
        assert (report.created, report.notes) == (1, [])
        assert self.suppressed() == {"gone@example.com": "hard_bounce"}

    def test_listmonk_has_attributes_and_states(self, owner: User) -> None:
        report = self.load(owner, "listmonk")
        assert (report.created, len(report.suppressed), len(report.kept_out)) == (3, 1, 1)
        attributes = self.contact("ada@example.com").attributes
        assert attributes["city"] == "London"
        assert (attributes["age"], attributes["member"]) == (36, True)
        assert (attributes["likes"], attributes["shop_orders"]) == ("roses, ferns", 3)
        assert "attributes" not in attributes
        assert self.suppressed() == {"dan@example.com": "manual"}
        assert not Contact.objects.filter(email="cy@example.net").exists()

    def test_brevo_has_a_blacklist_for_mail_and_one_for_text_messages(self, owner: User) -> None:
        assert self.load(owner, "brevo").created == 3
        assert self.contact("ada@example.com").name == "Ada Lovelace"
        assert self.suppressed() == {"bob@example.org": "manual"}

    def test_mailerlite_has_a_status_and_two_names(self, owner: User) -> None:
        report = self.load(owner, "mailerlite")
        assert (report.created, len(report.suppressed), len(report.kept_out)) == (3, 2, 1)
        assert self.contact("ada@example.com").name == "Ada Lovelace"
        assert self.suppressed() == {
            "bob@example.org": "unsubscribed",
            "cy@example.net": "hard_bounce",
        }

    def test_hubspot_says_who_unsubscribed_and_what_bounced(self, owner: User) -> None:
        assert self.load(owner, "hubspot").created == 3
        assert self.contact("ada@example.com").attributes["company"] == "Engines Ltd"
        assert self.suppressed() == {
            "bob@example.org": "unsubscribed",
            "cy@example.net": "hard_bounce",
        }

    def test_klaviyo_says_who_agreed(self, owner: User) -> None:
        report = self.load(owner, "klaviyo")
        assert (report.created, len(report.kept_out)) == (2, 1)
        assert self.contact("ada@example.com").attributes["company"] == "Engines Ltd"
        assert self.suppressed() == {"bob@example.org": "unsubscribed"}
