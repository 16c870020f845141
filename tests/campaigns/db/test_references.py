"""The references that triggers check in place of foreign keys."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction

from campaigns.models import Contact
from tests.concurrency import running, wait_until_somebody_waits_for_a_lock
from tests.factories import ContactFactory, OperationFactory, TagFactory

LINKS = Contact.tags.through
NONE = 999_999_999
"""An id that no row has."""


def execute(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.django_db
class TestInsert:
    def test_a_link_to_no_contact_is_refused(self) -> None:
        tag = TagFactory()
        with pytest.raises(IntegrityError, match="contact_id"):
            execute(
                "INSERT INTO campaigns_contact_tags (contact_id, tag_id) "
                f"VALUES ({ContactFactory().pk}, {tag.pk}), ({NONE}, {tag.pk})"
            )

    def test_a_link_to_no_tag_is_refused(self) -> None:
        with pytest.raises(IntegrityError, match="tag_id"), transaction.atomic():
            LINKS.objects.create(contact=ContactFactory(), tag_id=NONE)

    def test_a_contact_without_its_owner_is_refused(self) -> None:
        with pytest.raises(IntegrityError, match="owner_id"), transaction.atomic():
            Contact.objects.create(owner_id=NONE, email="ada@example.com")

    def test_a_contact_of_an_import_that_was_not_is_refused(self) -> None:
        with pytest.raises(IntegrityError, match="imported_by_id"), transaction.atomic():
            ContactFactory(imported_by_id=NONE)

    def test_links_to_what_there_is_are_taken(self) -> None:
        tag, contacts = TagFactory(), [ContactFactory(), ContactFactory()]
        LINKS.objects.bulk_create([LINKS(contact=each, tag=tag) for each in contacts])
        assert tag.contacts.count() == 2


@pytest.mark.django_db
class TestUpdate:
    def test_a_link_does_not_move_to_no_tag(self) -> None:
        ContactFactory().tags.add(TagFactory())
        with pytest.raises(IntegrityError, match="tag_id"):
            execute(f"UPDATE campaigns_contact_tags SET tag_id = {NONE}")

    def test_a_contact_does_not_move_to_no_owner(self) -> None:
        ContactFactory()
        with pytest.raises(IntegrityError, match="owner_id"):
            execute(f"UPDATE campaigns_contact SET owner_id = {NONE}")

    def test_a_contact_can_let_go_of_its_import(self) -> None:
        contact = ContactFactory(imported_by=OperationFactory())
        execute("UPDATE campaigns_contact SET imported_by_id = NULL")
        contact.refresh_from_db()
        assert contact.imported_by_id is None


@pytest.mark.django_db
class TestDelete:
    @pytest.mark.parametrize("table", ["campaigns_contact", "campaigns_tag", "campaigns_operation"])
    def test_what_is_named_is_not_deleted(self, table: str) -> None:
        contact = ContactFactory(imported_by=OperationFactory())
        contact.tags.add(TagFactory())
        with pytest.raises(IntegrityError, match="deleted"):
            execute(f"DELETE FROM {table}")

    def test_a_user_with_contacts_is_not_deleted(self) -> None:
        ContactFactory()
        with pytest.raises(IntegrityError, match="owner_id"):
            execute("DELETE FROM auth_user")

    def test_what_names_it_may_be_deleted_after_it_in_the_transaction(self) -> None:
        ContactFactory().tags.add(TagFactory())
        execute("DELETE FROM campaigns_contact", "DELETE FROM campaigns_contact_tags")
        assert not Contact.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    def test_a_contact_that_gets_a_tag_is_not_deleted(self) -> None:
        contact, tag = ContactFactory(), TagFactory()
        with ExitStack() as stack:
            with transaction.atomic():
                contact.tags.add(tag)
                delete = partial(execute, "DELETE FROM campaigns_contact")
                deleting = stack.enter_context(running(delete))
                wait_until_somebody_waits_for_a_lock()
            with pytest.raises(IntegrityError, match="deleted"):
                deleting.result()
        assert list(contact.tags.all()) == [tag]

    def test_a_contact_that_is_being_deleted_gets_no_tag(self) -> None:
        contact, tag = ContactFactory(), TagFactory()
        with ExitStack() as stack:
            with transaction.atomic():
                execute("DELETE FROM campaigns_contact")
                adding = stack.enter_context(running(partial(contact.tags.add, tag)))
                wait_until_somebody_waits_for_a_lock()
            with pytest.raises(IntegrityError, match="contact_id"):
                adding.result()
        assert not LINKS.objects.exists()
