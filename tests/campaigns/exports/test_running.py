"""Exports in the cluster: in pieces, killed and gone on with, cancelled, kept for a while."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.utils import timezone

from campaigns.exports import asking, contacts, run, tables, xlsx_file
from campaigns.exports.asking import Export
from campaigns.models import BackgroundJob, Contact, Operation, OperationState, StoredFile
from campaigns.operations import files, running
from tests.campaigns.exports.files import csv_rows, xlsx_rows
from tests.factories import ContactFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
RIGHTS = ("export_contact", "view_contact")


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PIECE", 2)


@pytest.fixture
def user() -> User:
    user = UserFactory()
    user.user_permissions.set(Permission.objects.filter(codename__in=RIGHTS))
    ContactFactory.create_batch(5, owner=user)
    return user


def asked(user: User, format: str = "csv") -> Operation:
    return asking.start(Export(user, contacts.NAME, format, {}, "all contacts"))


def ran(operation: Operation) -> Operation:
    running.run(operation.pk)
    operation.refresh_from_db()
    return operation


def download(operation: Operation) -> bytes:
    return b"".join(files.parts_of(operation.files.get(role="download")))


def emails() -> list[str]:
    return list(Contact.objects.order_by("pk").values_list("email", flat=True))


def test_the_file_is_kept_for_some_days_from_its_end(user: User) -> None:
    operation = ran(asked(user))
    left = operation.files.get().expires_at - timezone.now()  # type: ignore[operator]
    assert dt.timedelta(days=6.9) < left < dt.timedelta(days=7)
    assert operation.state == OperationState.DONE


def test_what_an_export_keeps_for_itself_is_no_file_to_download(user: User) -> None:
    operation = asked(user)
    run.step(operation)
    assert {file.role[0] for file in operation.files.all()} == {files.HIDDEN}


@pytest.mark.parametrize("format, read", [("csv", csv_rows), ("xlsx", xlsx_rows)])
def test_a_worker_that_is_killed_between_two_pieces_loses_and_doubles_no_row(
    user: User, format: str, read: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As SIGKILL: nothing is tidied up."""

    calls = 0
    honest = tables.rows_of

    def killing(*args: object) -> object:
        nonlocal calls
        calls += 1
        for number, row in enumerate(honest(*args)):  # type: ignore[arg-type]
            if calls == 2 and number == 1:
                raise Killed
            yield row

    operation = asked(user, format)
    monkeypatch.setattr(run, "rows_of", killing)
    with pytest.raises(Killed):
        running.run(operation.pk)
    running.ask_for_worker(operation.pk)
    Operation.objects.update(state="running")
    BackgroundJob.objects.update(started_at=None, next_try_at=timezone.now())
    assert ran(operation).state == OperationState.DONE
    assert [row["email"] for row in read(download(operation))] == emails()


def test_a_cancelled_export_has_no_file(user: User) -> None:
    operation = asked(user)
    Operation.objects.update(state="running")
    operation.refresh_from_db()
    run.step(operation)
    run.step(operation)
    running.cancel(operation)
    assert ran(operation).state == OperationState.CANCELLED
    assert not operation.files.filter(role="download").exists()


def test_an_xlsx_that_is_cancelled_while_it_is_written_ends(user: User) -> None:
    operation = asked(user, "xlsx")
    Operation.objects.update(state="running")
    operation.refresh_from_db()
    run.step(operation)
    running.cancel(operation)
    assert run.step(operation) is True
    assert not operation.files.filter(role="download").exists()


def test_rights_that_were_taken_away_meanwhile_end_it(user: User) -> None:
    operation = asked(user)
    user.user_permissions.clear()
    assert ran(operation).state == OperationState.FAILED
    assert operation.problem == "You may not export these rows."


@pytest.mark.parametrize("lacking", RIGHTS)
def test_it_takes_the_right_to_export_and_to_see_what_is_exported(user: User, lacking: str) -> None:
    user.user_permissions.remove(Permission.objects.get(codename=lacking))
    assert ran(asked(user)).state == OperationState.FAILED


def test_an_erasure_that_deletes_the_file_meanwhile_is_named(user: User) -> None:
    operation = asked(user)
    Operation.objects.update(state="running")
    operation.refresh_from_db()
    run.step(operation)
    StoredFile.objects.all().delete()
    assert "an address was erased" in ran(operation).problem


def test_an_xlsx_that_takes_too_long_says_what_to_do(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "XLSX_SECONDS", -1)
    assert "Export as CSV" in ran(asked(user, "xlsx")).problem


def test_an_xlsx_with_more_columns_than_a_sheet_says_what_to_do(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx_file, "MOST_COLUMNS", 3)
    assert "Export as CSV" in ran(asked(user, "xlsx")).problem


def test_no_contacts_make_a_file_of_headings(user: User) -> None:
    operation = asked(user)
    Contact.objects.all().delete()
    ran(operation)
    assert download(operation).startswith(b"\xef\xbb\xbfemail,name,")


def test_rows_that_the_user_does_not_see_any_more_are_not_in_the_file(user: User) -> None:
    team = TeamFactory(members=[user])
    ContactFactory(owner=team.account, email="team@example.com")
    seen = Contact.objects.visible_to(user)
    operation = asking.start(Export(user, contacts.NAME, "csv", {}, "some", matching=seen))
    team.members.clear()
    assert ran(operation).result == {"rows": 5}
    assert b"team@example.com" not in download(operation)


def test_no_transaction_is_open_while_rows_are_read(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database ends a session that does nothing in one, however busy the machine is."""
    within = []

    def watched(*args: Any) -> Iterator[Any]:
        within.append(connection.in_atomic_block)
        yield from tables.rows_of(*args)

    monkeypatch.setattr(run, "rows_of", watched)
    ran(asked(user))
    assert within == [False, False, False]
