"""Files say who agreed that their opens are recorded."""

from __future__ import annotations

import pytest

from campaigns.models import Contact
from tests.campaigns.files.loading import Import, counts

pytestmark = pytest.mark.django_db


def consents() -> dict[str, bool]:
    return dict(Contact.objects.values_list("email", "tracking_consent"))


@pytest.mark.parametrize(
    ("cell", "consent"),
    [("yes", True), ("1", True), ("Ja", True), ("同意", True), ("no", False), ("", False)],
)
def test_a_column_says_who_agreed(load: Import, cell: str, consent: bool) -> None:
    load(f"email,Tracking consent\na@b.com,{cell}\n")
    assert consents() == {"a@b.com": consent}
    assert Contact.objects.get().attributes == {}


def test_without_the_column_nobody_has_agreed_and_nothing_changes(load: Import) -> None:
    load("email,tracking_consent\na@b.com,yes\n")
    report = load("email\na@b.com\nc@d.com\n")
    assert consents() == {"a@b.com": True, "c@d.com": False}
    assert counts(report) == (1, 0, 1, 0, 0)


def test_an_empty_cell_changes_nothing(load: Import) -> None:
    load("email,tracking_consent\na@b.com,yes\n")
    assert counts(load("email,tracking_consent\na@b.com,\n")) == (0, 0, 1, 0, 0)
    assert consents() == {"a@b.com": True}


def test_it_can_be_taken_back(load: Import) -> None:
    load("email,tracking_consent\na@b.com,yes\n")
    assert counts(load("email,tracking_consent\na@b.com,no\n")) == (0, 1, 0, 0, 0)
    assert consents() == {"a@b.com": False}


def test_the_first_row_of_an_address_that_says_anything_counts(load: Import) -> None:
    load("email,tracking_consent\na@b.com,\na@b.com,yes\na@b.com,no\n")
    assert consents() == {"a@b.com": True}


def test_what_is_neither_yes_nor_no_is_listed(load: Import) -> None:
    report = load("email,tracking_consent\na@b.com,perhaps\n")
    assert "neither yes nor no" in report.rejected[0].reason
