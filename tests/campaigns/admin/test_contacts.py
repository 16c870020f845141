"""Contacts: their form, and their import from a file."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from campaigns.models import Contact, Suppression
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
    def send(self, user: User, content: bytes, name: str = "list.csv", **fields: str) -> Any:
        file = SimpleUploadedFile(name, content, "text/csv")
        return signed_in(user).post(IMPORT, {"file": file, **fields})

    def test_brings_good_rows_in_and_lists_bad_ones_with_line_and_reason(self, user: User) -> None:
        response = self.send(user, b"email,name\nada@example.com,Ada\nnobody,Bob\n")
        assert [contact.owner for contact in Contact.objects.all()] == [user]
        page = page_of(response)
        assert "1 created · 0 updated · 0 unchanged · 0 duplicates in the file · 1 rejected" in page
        assert response.context["report"].rejected[0].line == 3
        assert "An email address must have an @-sign." in page

    def test_gives_every_contact_the_tags(self, user: User) -> None:
        self.send(user, b"email\nada@example.com\n", tags="spring, press")
        assert {tag.name for tag in Contact.objects.get().tags.all()} == {"spring", "press"}

    def test_a_second_time_changes_nothing(self, user: User) -> None:
        for _ in range(2):
            response = self.send(user, b"email\nada@example.com\n")
        assert "0 created · 0 updated · 1 unchanged" in page_of(response)

    def test_leaves_the_contacts_of_others_alone(self, user: User) -> None:
        foreign = ContactFactory(email="ada@example.com", name="Ada")
        self.send(user, b"email,name\nada@example.com,Stolen\n")
        foreign.refresh_from_db()
        assert foreign.name == "Ada"

    def test_is_in_the_history_with_its_numbers(self, user: User) -> None:
        self.send(user, b"email\nada@example.com\n")
        entry = LogEntry.objects.get()
        assert entry.user == user
        assert entry.get_change_message().startswith("Imported “list.csv”: 1 contact created")

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (b"name\nAda\n", "No column has email addresses"),
            (b"email\n\xff\xfe\n", "rejected"),
            (b"\x00\x01\x02", "This field is required|column|read"),
        ],
    )
    def test_a_file_that_cannot_be_read_is_explained(
        self, user: User, content: bytes, problem: str
    ) -> None:
        response = self.send(user, content)
        assert response.status_code == 200
        assert any(each in page_of(response) for each in problem.split("|"))
        assert not Contact.objects.exists()

    def test_an_empty_form_is_explained(self, user: User) -> None:
        client = signed_in(user)
        assert "This field is required" in page_of(client.post(IMPORT, {}))
        file = SimpleUploadedFile("empty.csv", b"")
        assert "The submitted file is empty" in page_of(client.post(IMPORT, {"file": file}))

    def test_odd_choices_are_explained(self, user: User) -> None:
        content = b"email\nada@example.com\n"
        assert "Select a valid choice" in page_of(self.send(user, content, encoding="klingon"))
        assert "Null characters" in page_of(self.send(user, content, tags="a\x00b"))
        assert "longer than 100" in page_of(self.send(user, content, tags="x" * 101))
        assert not Contact.objects.exists()

    def test_the_sample_list_comes_in(self, user: User) -> None:
        response = self.send(user, MESSY.read_bytes())
        report = response.context["report"]
        assert report.created == Contact.objects.count() > 10_000
        assert f"{len(report.rejected):,}" in page_of(response)

    @pytest.mark.parametrize("role", [OPERATOR, VIEWER, NOBODY])
    def test_is_refused_to_whoever_may_not(self, role: str) -> None:
        user = member(role)
        assert signed_in(user).get(IMPORT).status_code == 403
        assert self.send(user, b"email\nada@example.com\n").status_code == 403
        assert not Contact.objects.exists()

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


class TestWhatAFileSaysOfPeople:
    RAW = b"email,status\nada@b.example,unsubscribed\nbob@b.example,pending\ncy@b.example,odd\n"

    def send(self, user: User, **fields: str) -> str:
        file = SimpleUploadedFile("list.csv", self.RAW, "text/csv")
        return page_of(signed_in(user).post(IMPORT, {"file": file, **fields}))

    def test_is_on_the_page(self, user: User) -> None:
        page = self.send(user)
        assert "1 suppressed and 1 kept out because of what the file says of them" in page
        assert "“status: unsubscribed”" in page
        assert "“status” says “odd” in 1 row" in page

    def test_is_said_before_anything_is_changed(self, user: User) -> None:
        page = self.send(user, only_look="on")
        assert "Nothing was changed." in page
        assert "1 suppressed and 1 kept out" in page
        assert not Contact.objects.exists()
        assert not Suppression.objects.exists()
        assert not LogEntry.objects.exists()

    def test_suppresses_no_one_for_a_user_who_may_not(self) -> None:
        user = member(NOBODY)
        names = ["import_contact", "view_contact"]
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        ContactFactory(owner=user, email="ada@b.example")
        page = self.send(user)
        assert not Suppression.objects.exists()
        assert "0 suppressed and 2 kept out" in page
        assert "1 of those kept out or rejected exist and are still mailed" in page
        assert "you may not add to the suppression list" in page
