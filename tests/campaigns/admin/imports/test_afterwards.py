"""What an import leaves: a report, a line in the history, and a way to undo it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now

from campaigns.models import Attribute, Contact, Operation
from tests.campaigns.admin.imports.wizard import ROWS, Wizard, page
from tests.campaigns.admin.staff import CONFIRM, address, page_of, texts
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db


class TestTheUndo:
    def test_removes_what_the_import_made(self, wizard: Wizard, user: User) -> None:
        ContactFactory(owner=user, email="ada@example.com")
        wizard.bring(ROWS)
        question = page_of(wizard.client.get(page("undo", wizard.operation)))
        assert "Undo the import of “list.csv”?" in question
        assert "It removes 1 contact that this import made" in question
        shown = wizard.undo()
        assert [contact.email for contact in Contact.objects.all()] == ["ada@example.com"]
        assert "This import was undone" in shown

    def test_is_done_once(self, wizard: Wizard) -> None:
        wizard.bring(ROWS)
        wizard.undo()
        response = wizard.client.post(page("undo", wizard.operation), CONFIRM, follow=True)
        assert "cannot be undone now" in texts(response)
        assert Operation.objects.filter(kind="undo_import").count() == 1

    def test_leaves_what_was_changed_since_and_says_so(self, wizard: Wizard) -> None:
        wizard.bring(ROWS)
        ada = Contact.objects.get(email="ada@example.com")
        form = {"email": ada.email, "name": "Augusta", "attributes": "{}"}
        wizard.client.post(address("campaigns.contact", "change", ada.pk), form)
        question = page_of(wizard.client.get(page("undo", wizard.operation)))
        assert "Left: they were changed since" in question
        assert "1 contact left: they were changed since." in wizard.undo()
        assert Contact.objects.get() == ada

    def test_is_not_offered_where_it_would_remove_none(self, wizard: Wizard) -> None:
        wizard.bring(ROWS)
        Contact.objects.update(changed_at=Now())
        question = page_of(wizard.client.get(page("undo", wizard.operation)))
        assert "None of the contacts that it made can be removed." in question
        assert "Left: they were changed since" in question
        assert 'name="confirmed"' not in question


class TestTheReport:
    def test_says_once_what_is_wrong_with_the_same_value_in_many_rows(
        self, wizard: Wizard, user: User
    ) -> None:
        Attribute.objects.create(owner=user, key="plan", kind="choice", choices=["free"])
        rows = "".join(f"p{n}@example.com,pro\n" for n in range(5))
        shown = wizard.bring(f"email,plan\n{rows}")
        assert shown.count("“pro” is none of the choices") == 1
        assert "2, 3, 4 and 2 more" in shown

    def test_names_each_line_of_a_few(self, wizard: Wizard) -> None:
        shown = wizard.bring("email\nnobody\nada@example.com\nnobody\n")
        assert "2, 4" in shown


class TestTheHistory:
    def test_lists_imports_with_their_numbers_and_no_checks(self, wizard: Wizard) -> None:
        wizard.bring(ROWS, "spring.csv")
        wizard.upload(ROWS, "open.csv")
        wizard.columns()
        wizard.options()
        shown = page_of(wizard.client.get(address("campaigns.contact", "imports")))
        assert shown.count("spring.csv") == 1
        assert "Not imported yet" in shown
        assert "Check of" not in shown

    def test_has_pages(self, wizard: Wizard, user: User) -> None:
        Operation.objects.bulk_create(
            Operation(owner=user, kind="import", title=f"list{n}.csv", state="done")
            for n in range(60)
        )
        history = address("campaigns.contact", "imports")
        shown = page_of(wizard.client.get(history))
        assert "list59.csv" in shown
        assert "list9.csv" not in shown
        before = Operation.objects.get(title="list10.csv").pk
        assert f"before={before}" in shown
        assert "list9.csv" in page_of(wizard.client.get(history, {"before": before}))
