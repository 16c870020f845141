"""Contacts: their form, and their import from a file."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from campaigns.models import Contact, Operation
from tests.campaigns.admin.staff import (
    MANAGER,
    NOBODY,
    OPERATOR,
    SUPERUSER,
    VIEWER,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.concurrency import running, wait_until_somebody_waits_for_a_lock
from tests.factories import ContactFactory, TagFactory

pytestmark = pytest.mark.django_db

ADD, IMPORT = address("campaigns.contact", "add"), address("campaigns.contact", "import_file")
MESSY = Path(__file__).parents[2] / "data" / "contacts_messy.csv"


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.mark.django_db(transaction=True)
def test_a_double_click_on_save_is_explained() -> None:
    user = member(SUPERUSER)
    client = signed_in(user)
    form = {"owner": user.pk, "email": "ada@example.com"}
    with ExitStack() as stack:
        with transaction.atomic():
            ContactFactory(owner=user, email="ada@example.com")
            second_click = stack.enter_context(running(lambda: client.post(ADD, form)))
            wait_until_somebody_waits_for_a_lock()
        assert "There is a contact with this address already." in page_of(second_click.result())


class TestTheForm:
    def add(self, user: User, **fields: Any) -> Any:
        return signed_in(user).post(ADD, {"email": "ada@example.com", **fields}, follow=True)

    def test_keeps_the_stored_spelling_of_an_address(self, user: User) -> None:
        self.add(user, email=" Ada@Bücher.Example ")
        assert Contact.objects.get().email == "ada@xn--bcher-kva.example"

    def test_says_what_is_there_already(self, user: User) -> None:
        ContactFactory(owner=user, email="ada@example.com")
        TagFactory(owner=user, name="Spring")
        response = self.add(user, email="Ada@example.com")
        assert "There is a contact with this address already." in page_of(response)
        response = signed_in(user).post(address("campaigns.tag", "add"), {"name": "spring"})
        assert "There is a tag with this name already." in page_of(response)

    def test_starts_with_an_object_to_fill_in(self, user: User) -> None:
        form = signed_in(user).get(ADD).context["adminform"].form
        assert form["attributes"].value() == "{}"

    def test_takes_no_attributes_for_none(self, user: User) -> None:
        self.add(user, attributes="")
        assert Contact.objects.get().attributes == {}

    def test_keeps_attributes_and_tags(self, user: User) -> None:
        tag = TagFactory(owner=user)
        self.add(user, attributes='{"city": "Malmö"}', tags=tag.pk)
        contact = Contact.objects.get()
        assert (contact.attributes, contact.tags.get()) == ({"city": "Malmö"}, tag)
        assert entries(contact)[0][0] == user.username

    @pytest.mark.parametrize(
        ("attributes", "problem"),
        [
            ("[1]", "Enter an object"),
            ('"x"', "Enter an object"),
            ("{", "Enter a valid JSON"),
            ("1" * 5000, "cannot be read as JSON"),
            ("[" * 100_000, "cannot be read as JSON"),
            (r'{"a": "\u0000"}', "cannot be stored"),
            (r'{"a": "\ud800"}', "cannot be stored"),
            ('{"a": NaN}', "cannot be stored"),
            ('{"a": 1e999}', "cannot be stored"),
        ],
    )
    def test_explains_attributes_that_cannot_be(
        self, user: User, attributes: str, problem: str
    ) -> None:
        assert problem in page_of(self.add(user, attributes=attributes))
        assert not Contact.objects.exists()

    def test_keeps_text_that_only_looks_like_an_escape(self, user: User) -> None:
        self.add(user, attributes=r'{"path": "C:\\u0000"}')
        assert Contact.objects.get().attributes == {"path": r"C:\u0000"}

    @pytest.mark.parametrize("email", ["", "ada", "a\x00@example.com", "@example.com", "a" * 300])
    def test_explains_an_address_that_cannot_be(self, user: User, email: str) -> None:
        response = self.add(user, email=email)
        assert response.context["errors"]
        assert not Contact.objects.exists()

    def test_refuses_the_same_address_twice(self, user: User) -> None:
        ContactFactory(owner=user, email="ada@example.com")
        assert self.add(user, email="ADA@example.com").context["errors"]
        assert Contact.objects.count() == 1

    def test_takes_an_address_that_somebody_else_has(self, user: User) -> None:
        ContactFactory(email="ada@example.com")
        self.add(user)
        assert Contact.objects.count() == 2

    def test_deletes_many_at_once_with_a_short_summary(self, user: User) -> None:
        contacts = ContactFactory.create_batch(3, owner=user)
        for contact in contacts:
            contact.tags.add(TagFactory(owner=user))
        client, url = signed_in(user), address("campaigns.contact", "changelist")
        form = {"action": "delete_selected", "_selected_action": [c.pk for c in contacts]}
        assert "Contact_tags object" not in page_of(client.post(url, form))
        client.post(url, {**form, "post": "yes"})
        assert not Contact.objects.exists()


class TestTheImport:
    """What its steps do is in imports/test_wizard.py."""

    @pytest.mark.parametrize("role", [OPERATOR, VIEWER, NOBODY])
    def test_is_refused_to_whoever_may_not(self, role: str) -> None:
        client = signed_in(member(role))
        file = SimpleUploadedFile("list.csv", b"email\nada@example.com\n", "text/csv")
        assert client.get(IMPORT).status_code == 403
        assert client.post(IMPORT, {"file": file}).status_code == 403
        assert client.get(address("campaigns.contact", "imports")).status_code == 403
        assert not Operation.objects.exists()

    @pytest.mark.parametrize("role", [SUPERUSER, MANAGER])
    def test_is_offered_in_the_list(self, role: str) -> None:
        page = signed_in(member(role)).get(address("campaigns.contact", "changelist"))
        assert IMPORT in page_of(page)


def test_a_viewer_is_offered_nothing_that_changes_contacts() -> None:
    ContactFactory()
    page = page_of(signed_in(member(VIEWER)).get(address("campaigns.contact", "changelist")))
    assert IMPORT not in page
    assert "delete_selected" not in page


def test_the_list_shows_tags_and_finds_by_them() -> None:
    contact, _ = ContactFactory(), ContactFactory()
    tag = TagFactory(owner=contact.owner, name="spring")
    contact.tags.add(tag)
    client = signed_in(member(SUPERUSER))
    response = client.get(address("campaigns.contact", "changelist"), {"tags__id__exact": tag.pk})
    assert [row.pk for row in response.context["cl"].result_list] == [contact.pk]
    assert "spring" in page_of(response)
    assert texts(response) == ""
