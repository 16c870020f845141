"""Suppressions: one by one, or many pasted at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.erased_keys import PLACEHOLDERS, key_of
from campaigns.models import Suppression
from tests.campaigns.admin.staff import (
    MANAGER,
    NOBODY,
    OPERATOR,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
    texts,
)

pytestmark = pytest.mark.django_db

MANY = address("campaigns.suppression", "add_many")


def paste(user: User, addresses: str, **fields: str) -> Any:
    form = {"addresses": addresses, "reason": "manual", **fields}
    return signed_in(user).post(MANY, form, follow=True)


def stored() -> set[str]:
    return set(Suppression.objects.values_list("email", flat=True))


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def test_addresses_and_domains_are_pasted_together_by_operators() -> None:
    response = paste(member(OPERATOR), "Ada@Example.com\n\n @Example.org \nada@example.com")
    assert stored() == {"ada@example.com", "@example.org"}
    assert "2 addresses suppressed; 0 already on the list." in texts(response)


def test_those_known_already_are_counted(user: User) -> None:
    Suppression.objects.create(email="ada@example.com", reason="hard_bounce")
    response = paste(user, "ada@example.com\nbob@example.com")
    assert "1 address suppressed; 1 already on the list." in texts(response)
    assert Suppression.objects.get(email="ada@example.com").reason == "hard_bounce"


def test_who_pasted_is_in_the_history(user: User) -> None:
    paste(user, "ada@example.com", source="A letter")
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_repr) == (user, "1 address")
    assert Suppression.objects.get().source == "A letter"


@pytest.mark.parametrize(
    ("addresses", "problem"),
    [
        ("", "This field is required"),
        ("ada@example.com\nnobody", "Line 2, “nobody”"),
        ("@", "Line 1, “@”"),
        ("a\x00@example.com", "Null characters are not allowed"),
        ("x\n" * 60, "And 10 more."),
    ],
)
def test_what_is_wrong_is_named_and_nothing_stored(
    user: User, addresses: str, problem: str
) -> None:
    response = paste(user, addresses)
    assert response.status_code == 200
    assert problem in page_of(response)
    assert not stored()


def test_odd_choices_are_explained(user: User) -> None:
    assert "Select a valid choice" in page_of(paste(user, "a@example.com", reason="dislike"))
    assert "at most 200 characters" in page_of(paste(user, "a@example.com", source="x" * 201))
    assert not stored()


def test_an_empty_form_is_explained(user: User) -> None:
    assert "This field is required" in page_of(signed_in(user).post(MANY, {}))


@pytest.mark.parametrize("role", [VIEWER, NOBODY])
def test_pasting_is_refused_to_whoever_may_not(role: str) -> None:
    user = member(role)
    assert signed_in(user).get(MANY).status_code == 403
    assert paste(user, "ada@example.com").status_code == 403
    assert not stored()


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("Ada@Example.com", "ada@example.com"),
        (" @Example.org ", "@example.org"),
        ("*@example.net", "@example.net"),
    ],
)
def test_one_is_added_in_its_stored_spelling(entered: str, kept: str) -> None:
    form = {"email": entered, "reason": "manual"}
    signed_in(member(OPERATOR)).post(address("campaigns.suppression", "add"), form)
    assert stored() == {kept}


@pytest.mark.parametrize("entered", ["", "nobody", "@", "@a@b", "a\x00@example.com"])
def test_one_that_cannot_be_is_explained(user: User, entered: str) -> None:
    form = {"email": entered, "reason": "manual"}
    response = signed_in(user).post(address("campaigns.suppression", "add"), form)
    assert response.context["errors"]
    assert not stored()


def test_one_that_is_there_already_is_explained(user: User) -> None:
    Suppression.objects.create(email="ada@example.com")
    form = {"email": "ADA@example.com", "reason": "manual"}
    response = signed_in(user).post(address("campaigns.suppression", "add"), form)
    assert "already exists" in page_of(response)


def test_only_an_operator_takes_an_address_off_the_list(user: User) -> None:
    row = Suppression.objects.create(email="ada@example.com")
    url = address("campaigns.suppression", "delete", row.pk)
    assert signed_in(user).post(url, {"post": "yes"}).status_code == 403
    operator = member(OPERATOR)
    signed_in(operator).post(url, {"post": "yes"})
    assert not stored()
    assert LogEntry.objects.get().user == operator


class TestAFile:
    IMPORT = address("campaigns.suppression", "import_file")
    EXPORT = address("campaigns.suppression", "export_file")

    def upload(self, user: User, content: bytes, **fields: str) -> Any:
        form = {"file": SimpleUploadedFile("list.csv", content), "reason": "manual", **fields}
        return signed_in(user).post(self.IMPORT, form)

    def test_comes_in_and_its_bad_rows_are_listed(self, user: User) -> None:
        response = self.upload(user, b"email\nnobody\nada@example.com", source="A letter")
        assert stored() == {"ada@example.com"}
        assert "1 address suppressed" in page_of(response)
        assert "nobody" in page_of(response)
        assert LogEntry.objects.get().object_repr == "list.csv"

    def test_that_is_no_list_is_explained(self, user: User) -> None:
        assert "No column has addresses" in page_of(self.upload(user, b"x\ny"))

    def test_cannot_say_that_addresses_were_erased(self, user: User) -> None:
        response = self.upload(user, b"email\nada@example.com", reason="erased")
        assert "Select a valid choice" in page_of(response)
        assert not stored()

    def test_goes_out_and_is_in_the_history(self) -> None:
        Suppression.objects.create(email="ada@example.com")
        response = signed_in(member(OPERATOR)).get(self.EXPORT)
        content = response.getvalue().decode()
        assert "ada@example.com,manual" in content
        assert response["Content-Type"] == "text/csv"
        assert LogEntry.objects.get().get_change_message() == "Exported to a file."

    @pytest.mark.parametrize("role", [VIEWER, NOBODY])
    def test_is_refused_to_whoever_may_not(self, role: str) -> None:
        user = member(role)
        assert self.upload(user, b"email\nada@example.com").status_code == 403
        assert signed_in(user).get(self.EXPORT).status_code == 403
        assert not stored()


class TestAnErasedAddress:
    @pytest.fixture
    def row(self) -> Suppression:
        return Suppression.objects.create(email=key_of("ada@example.com"), reason="erased")

    def found(self, user: User, query: str) -> str:
        url = address("campaigns.suppression", "changelist")
        return page_of(signed_in(user).get(url, {"q": query}))

    def test_is_found_by_itself(self, user: User, row: Suppression) -> None:
        assert str(row) in self.found(user, "Ada@example.com")
        assert str(row) not in self.found(user, "bob@example.com")

    def test_is_not_changed_but_an_operator_takes_it_off(self, row: Suppression) -> None:
        operator = member(OPERATOR)
        url = address("campaigns.suppression", "change", row.pk)
        assert signed_in(operator).post(url, {"email": "x@example.com"}).status_code == 403
        url = address("campaigns.suppression", "delete", row.pk)
        signed_in(operator).post(url, {"post": "yes"})
        assert not stored()

    def test_leaves_a_domain_behind_that_nobody_takes_off(self) -> None:
        row = Suppression.objects.create(email=PLACEHOLDERS)
        url = address("campaigns.suppression", "delete", row.pk)
        assert signed_in(member(OPERATOR)).post(url, {"post": "yes"}).status_code == 403

    def test_is_not_stored_again_by_pasting_it(self, user: User, row: Suppression) -> None:
        assert "0 addresses suppressed; 1 already" in texts(paste(user, "ada@example.com"))
        assert stored() == {row.email}
