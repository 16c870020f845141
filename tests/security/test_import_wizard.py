"""The pages of the import, attacked: foreign imports, steps out of order, forms of other files."""

from __future__ import annotations

from io import BytesIO
from itertools import count
from types import SimpleNamespace
from typing import Any, BinaryIO

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from campaigns.files.csv_reader import open_table
from campaigns.files.row_errors import FileImportError
from campaigns.imports.understanding import understand
from campaigns.models import Contact, Operation, OperationState, RememberedColumns, StoredFile
from tests.campaigns.admin.imports.wizard import OPTIONS, Wizard, page, run_the_cluster
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    NOBODY,
    OPERATOR,
    SUPERUSER,
    VIEWER,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import OperationFactory

pytestmark = pytest.mark.django_db

PAGES = ("", "columns", "options", "check", "progress", "cancel", "discard", "undo")
ROWS = "email,name\nada@b.example,Ada\ncy@b.example,Cy\n"
FORM = {**OPTIONS, **CONFIRM, "start": "yes", "next": "yes", "forget": "yes"}


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def wizard(user: User) -> Wizard:
    return Wizard(user)


class TestAnImportOfAnotherOwner:
    @pytest.fixture
    def foreign(self) -> Operation:
        other = Wizard(member(MANAGER))
        other.upload(ROWS, "secret.csv")
        return other.operation

    @pytest.mark.parametrize("name", PAGES)
    def test_is_not_found(self, wizard: Wizard, foreign: Operation, name: str) -> None:
        assert wizard.client.get(page(name, foreign)).status_code == 404
        assert wizard.client.post(page(name, foreign), FORM).status_code == 404
        foreign.refresh_from_db()
        assert foreign.state == OperationState.PREPARING

    def test_is_in_no_list(self, wizard: Wizard, foreign: Operation) -> None:
        history = reverse("admin:campaigns_contact_imports")
        upload = reverse("admin:campaigns_contact_import_file")
        for url in (history, upload, f"{history}?before={foreign.pk + 1}"):
            assert "secret.csv" not in page_of(wizard.client.get(url))

    def test_is_checked_by_no_parameter_of_ones_own(
        self, wizard: Wizard, foreign: Operation
    ) -> None:
        wizard.upload(ROWS)
        wizard.columns(file_of=str(foreign.pk), check=str(foreign.pk))
        wizard.options(file_of=str(foreign.pk), dry_run="")
        checked = Operation.objects.get(params__dry_run=True)
        assert checked.params["file_of"] == wizard.operation.pk


@pytest.mark.parametrize("role", [OPERATOR, VIEWER, NOBODY])
@pytest.mark.parametrize("name", PAGES)
def test_the_pages_need_the_permission_to_import(role: str, name: str) -> None:
    user = member(role)
    operation = OperationFactory(owner=user)
    client = signed_in(user)
    assert client.get(page(name, operation)).status_code == 403
    assert client.post(page(name, operation), FORM).status_code == 403


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("number", [0, 2**63, 10**30])
def test_numbers_of_no_import_are_not_found(wizard: Wizard, name: str, number: int) -> None:
    assert wizard.client.get(page(name, number)).status_code == 404


@pytest.mark.parametrize("kind", ["export", "undo_import", "change_contacts"])
def test_other_work_is_no_import(wizard: Wizard, user: User, kind: str) -> None:
    other = OperationFactory(owner=user, kind=kind)
    assert wizard.client.get(page("", other)).status_code == 404


@pytest.mark.parametrize("query", ["x", "-1", "9" * 40, "%00", "²"])
def test_odd_places_in_the_history_break_nothing(wizard: Wizard, query: str) -> None:
    history = reverse("admin:campaigns_contact_imports")
    assert wizard.client.get(f"{history}?before={query}").status_code == 200


class TestStepsOutOfOrder:
    @pytest.mark.parametrize("name", PAGES)
    @pytest.mark.parametrize("state", OperationState.values)
    def test_are_a_message_and_no_error(
        self, wizard: Wizard, user: User, name: str, state: str
    ) -> None:
        """Of an import that another program made: it has no parameters, no file and no result."""
        operation = OperationFactory(owner=user, state=state)
        assert wizard.client.get(page(name, operation), follow=True).status_code == 200
        assert wizard.client.post(page(name, operation), FORM, follow=True).status_code == 200

    def test_start_nothing_that_was_not_checked(self, wizard: Wizard) -> None:
        wizard.upload(ROWS)
        wizard.client.post(page("check", wizard.operation), {"start": "yes"})
        wizard.columns()
        wizard.client.post(page("check", wizard.operation), {"start": "yes"})
        assert wizard.operation.state == OperationState.PREPARING

    def test_start_nothing_while_the_check_runs(self, wizard: Wizard) -> None:
        wizard.upload(ROWS)
        wizard.columns()
        wizard.client.post(page("options", wizard.operation), OPTIONS)
        Operation.objects.filter(params__dry_run=True).update(state="running")
        response = wizard.client.post(page("check", wizard.operation), FORM, follow=True)
        assert "was not checked yet" in texts(response)
        assert wizard.operation.state == OperationState.PREPARING

    def test_undo_nothing_that_is_not_over(self, wizard: Wizard) -> None:
        wizard.upload(ROWS)
        response = wizard.client.post(page("undo", wizard.operation), CONFIRM, follow=True)
        assert "cannot be undone now" in texts(response)
        assert Operation.objects.count() == 1


class TestTwoTabs:
    def test_with_files_of_other_headings_mix_nothing(self, wizard: Wizard) -> None:
        wizard.upload("name,email\nAda,ada@b.example\n")
        form = wizard.form()
        wizard.upload(ROWS)
        response = wizard.client.post(
            page("columns", wizard.operation), {**form, "next": "yes"}, follow=True
        )
        assert "read in another way since this page was opened" in page_of(response)
        assert wizard.form()["meaning_0"] == "address"

    def test_of_which_one_started_say_so_in_the_other(self, wizard: Wizard) -> None:
        wizard.bring(ROWS)
        for name in ("columns", "options", "check", "discard"):
            response = wizard.client.post(page(name, wizard.operation), FORM, follow=True)
            assert "started already" in texts(response)
        assert Contact.objects.count() == 2

    def test_of_which_one_discarded_the_file_find_nothing_in_the_other(
        self, wizard: Wizard
    ) -> None:
        wizard.upload(ROWS)
        operation = wizard.operation
        wizard.client.post(page("discard", operation), CONFIRM)
        assert not StoredFile.objects.exists()
        assert wizard.client.post(page("columns", operation), FORM).status_code == 404


class TestAFileThatIsGone:
    @pytest.mark.parametrize("name", ["columns", "check"])
    def test_is_explained(self, wizard: Wizard, name: str) -> None:
        wizard.upload(ROWS)
        wizard.columns()
        wizard.options()
        StoredFile.objects.all().delete()
        response = wizard.client.post(page(name, wizard.operation), FORM, follow=True)
        assert "The file was deleted" in texts(response)
        assert wizard.operation.state == OperationState.PREPARING

    def test_fails_its_check_with_a_sentence(self, wizard: Wizard) -> None:
        wizard.upload(ROWS)
        wizard.columns()
        wizard.client.post(page("options", wizard.operation), OPTIONS)
        StoredFile.objects.all().delete()
        run_the_cluster()
        assert "Upload it again" in page_of(
            wizard.client.get(page("check", wizard.operation), follow=True)
        )


COLUMN_FORMS = {
    "a meaning that there is not": {"meaning_0": "password"},
    "a type that there is not": {"meaning_1": "attribute", "kind_1": "blob"},
    "a name that is no name": {"meaning_1": "attribute", "key_1": "!!!"},
    "a name with a NUL": {"meaning_1": "attribute", "key_1": "a\x00b"},
    "a name that is too long": {"meaning_1": "attribute", "key_1": "x" * 5_000},
    "a column that there is not": {"meaning_7": "address"},
    "an encoding that there is not": {"encoding": "klingon"},
    "a codec that is no text": {"encoding": "zip"},
    "a delimiter that there is not": {"delimiter": "x"},
    "a line that there is not": {"header_line": "99"},
    "a line that is no number": {"header_line": "-1"},
    "a sheet that there is not": {"sheet": "Sheet1"},
    "the headings of another file": {"header_key": "0" * 64},
    "two addresses": {"meaning_1": "address"},
}


@pytest.mark.parametrize("changes", COLUMN_FORMS.values(), ids=COLUMN_FORMS.keys())
def test_forms_that_the_page_did_not_make_are_answered(
    wizard: Wizard, changes: dict[str, str]
) -> None:
    wizard.upload(ROWS)
    wizard.columns(**changes)
    wizard.columns()
    wizard.options()
    wizard.start()
    assert {contact.email for contact in Contact.objects.all()} == {"ada@b.example", "cy@b.example"}


def test_a_form_without_fields_is_answered(wizard: Wizard) -> None:
    wizard.upload(ROWS)
    for name in ("columns", "options", "check"):
        assert wizard.client.post(page(name, wizard.operation), {}, follow=True).status_code == 200


def test_what_an_older_version_remembered_breaks_nothing(wizard: Wizard, user: User) -> None:
    wizard.upload(ROWS)
    wizard.columns(meaning_1="ignored")
    for columns in ([], [1, 2], [{"heading": "x"}] * 2, [{"heading": "x", "meaning": "?"}] * 2):
        RememberedColumns.objects.update(columns=columns)
        assert "Read as you chose" not in page_of(wizard.upload(ROWS))


FILES = {
    "NUL in a heading": b"email,na\x00me\nada@b.example,x\n",
    "NUL in a cell": b"email,name\nada@b.example,a\x00b\n",
    "a script for a heading": b"email,<script>alert(1)</script>\nada@b.example,<img src=x>\n",
    "an expression for a heading": b"email,{{ 7|add:7 }}{% debug %}\nada@b.example,'+alert(1)+'\n",
    "a huge heading": b"email," + b"x" * 400_000 + b"\nada@b.example,1\n",
    "many columns": b"email" + b",x" * 499 + b"\nada@b.example" + b",1" * 499 + b"\n",
    "too many columns": b"email" + b",x" * 5_000 + b"\nada@b.example\n",
    "one heading many times": b"email,email,email\nada@b.example,b@b.example,\n",
    "headings alone": b"email,name\n",
    "a mark that is not closed": b'email,name\n"ada@b.example,Ada\n' + b"x\n" * 50,
    "no headings": b"ada@b.example,Ada\ncy@b.example,Cy\n",
    "another encoding": "邮箱,姓名\nada@b.example,韩\n".encode("gb18030"),
    "random bytes": bytes(range(256)) * 20,
    "a workbook that is none": b"PK\x03\x04" + b"\x00" * 500,
    "a billion laughs": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "a">]><x>&a;</x>',
}


@pytest.mark.parametrize("raw", FILES.values(), ids=FILES.keys())
def test_odd_files_are_a_message_or_come_in(wizard: Wizard, raw: bytes) -> None:
    shown = page_of(wizard.upload(raw, "odd.xlsx"))
    assert "<script>alert" not in shown
    assert "14{%" not in shown
    if not Operation.objects.exists():
        assert "Import contacts" in shown
        return
    for response in (wizard.columns(), wizard.options()):
        assert response.status_code == 200
    assert wizard.client.get(page("check", wizard.operation), follow=True).status_code == 200


def test_a_name_of_a_file_is_text(wizard: Wizard) -> None:
    shown = page_of(wizard.upload(ROWS, "<script>alert(1)</script>\x00/../.csv"))
    assert "<script>alert" not in shown
    wizard.columns()
    wizard.options()
    assert "<script>alert" not in wizard.start()


def test_a_user_who_sees_everything_looks_at_the_import_of_another(wizard: Wizard) -> None:
    wizard.bring(ROWS)
    seen = signed_in(member(SUPERUSER)).get(page("", wizard.operation))
    assert "Import of “list.csv”" in page_of(seen)


def test_a_file_is_read_for_so_long_however_often_it_is_tried(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With each delimiter, and at last as it was found."""
    clock, given = count(0.0, 6.0), []

    def noted(
        file: BinaryIO, encoding: str | None, is_header: Any, seconds: float, *more: Any
    ) -> Any:
        given.append(seconds)
        return open_table(file, encoding, is_header, 20.0, *more)

    monkeypatch.setattr(understand, "open_table", noted)
    monkeypatch.setattr(understand, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with pytest.raises(FileImportError):
        understand.understand(BytesIO(b"\r" * 1_000), "list.csv", user)
    assert given == [14.0, 8.0, 2.0, 0.0, 0.0]
