"""Imports and their database: each limit and each error is a sentence, and nothing comes in then."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from itertools import count, repeat
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, InterfaceError, connection
from django.test.utils import CaptureQueriesContext

from campaigns.admin import suppressions
from campaigns.files import time_limits
from campaigns.files.row_errors import FileImportError
from campaigns.files.suppression_import import import_suppressions
from campaigns.files.time_limits import copy_rows, import_transaction
from campaigns.imports.writing.contacts import import_contacts
from campaigns.models import Contact, Suppression
from tests.campaigns.admin.staff import SUPERUSER, address, member, page_of, signed_in
from tests.concurrency import second_connection
from tests.factories import UserFactory

Import = Callable[[BytesIO], Any]
IMPORTS: dict[str, Import] = {
    "contacts": lambda file: import_contacts(file, UserFactory()),
    "suppressions": lambda file: import_suppressions(file),
}
both = pytest.mark.parametrize("load", IMPORTS.values(), ids=IMPORTS.keys())


@pytest.mark.django_db
def test_a_copy_that_takes_too_long_names_the_limit() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE filled (text text) ON COMMIT DROP")
    rows = repeat(["x" * 1_000], 20_000)
    match = "longer than it may .* more than 0.001 s"
    with pytest.raises(FileImportError, match=match), import_transaction(0.001):
        copy_rows("COPY pg_temp.filled FROM STDIN", rows)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("57014", "refused|ended the import"),
        ("55P03", "Other work holds the same rows"),
        ("40P01", "Other work holds the same rows"),
        ("25P03", "paused for too long"),
        ("57P01", "ended the import or cannot be reached"),
        ("53100", "ended the import or cannot be reached"),
        ("22P05", "refused the rows of the file: unheard of"),
    ],
)
def test_an_error_of_the_database_is_a_sentence(state: str, told: str) -> None:
    match = f"({told}).*Nothing was imported"
    with pytest.raises(FileImportError, match=match), import_transaction(None):
        raise DatabaseError from psycopg.errors.lookup(state)("unheard of")


@pytest.mark.django_db
def test_a_lost_connection_is_a_sentence() -> None:
    match = "cannot be reached. Nothing was imported. Try again"
    with pytest.raises(FileImportError, match=match), import_transaction(None):
        raise InterfaceError


class _EndsTheSession(BytesIO):
    """Of the import, as soon as the rows after the first 64 kB are read."""

    pid = 0

    def read1(self, size: int | None = -1) -> bytes:
        if self.pid and self.tell() >= 1 << 16:
            with second_connection() as other, other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [self.pid])
            self.pid = 0
        return super().read1(size)

    read = read1


@pytest.mark.django_db(transaction=True)
@both
def test_a_session_that_the_database_ends_is_a_sentence(load: Import) -> None:
    file = _EndsTheSession(b"email\n" + b"".join(b"a%d@b.example\n" % n for n in range(10_000)))

    def ends_later(rows: Any) -> Any:
        file.pid = connection.connection.info.backend_pid
        return rows

    with pytest.MonkeyPatch.context() as patch, pytest.raises(FileImportError, match="ended the"):
        patch.setattr(time_limits, "kept_alive", ends_later)
        load(file)
    assert not Contact.objects.exists()
    assert not Suppression.objects.exists()


@pytest.mark.django_db
@both
def test_a_long_run_of_bad_rows_shows_the_database_signs_of_life(
    load: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_limits, "time", SimpleNamespace(monotonic=count(0, 2).__next__))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        load(BytesIO(b"email\na@b.example\n" + b"bad\n" * 20))
    assert sum(query["sql"] == "SELECT 1" for query in queries) >= 20


@pytest.mark.django_db
def test_the_names_of_columns_count_in_what_a_row_may_have() -> None:
    headings = ",".join(f"c{n:03}" + "x" * 100 for n in range(499))
    raw = f"email,{headings}\na@b.example{',1' * 499}\nb@b.example,1\n"
    report = import_contacts(BytesIO(raw.encode()), UserFactory())
    assert report.created == 1
    assert "names of their columns are longer than 20,000" in report.rejected[0].reason


@pytest.mark.django_db
def test_the_page_says_what_the_database_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.files.suppression_import._store", _fails)
    file = SimpleUploadedFile("list.csv", b"email\na@b.example\n", "text/csv")
    url = address("campaigns.suppression", "import_file")
    form = {"file": file, "reason": "manual"}
    page = page_of(signed_in(member(SUPERUSER)).post(url, form))
    assert "Other work holds the same rows, such as another import. Nothing was imported." in page


@pytest.mark.django_db
def test_the_command_is_told_what_the_database_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.imports.writing.contacts._run", _fails)
    with pytest.raises(FileImportError, match="Other work holds the same rows"):
        import_contacts(BytesIO(b"email\na@b.example\n"), UserFactory())


def _fails(*args: Any) -> None:
    raise DatabaseError from psycopg.errors.DeadlockDetected("deadlock")


@pytest.mark.django_db
class TestManySuppressions:
    """Entered at once."""

    def send(self, lines: int) -> str:
        addresses = "\n".join(f"a{n}@bücher{n}.example" for n in range(lines))
        form = {"addresses": addresses, "reason": "manual"}
        url = address("campaigns.suppression", "add_many")
        return page_of(signed_in(member(SUPERUSER)).post(url, form, follow=True))

    def test_have_a_largest_number(self) -> None:
        assert "at most 10,000 lines at once; these are 10,001" in self.send(10_001)

    def test_have_a_time_after_which_they_are_given_up(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(suppressions, "SECONDS_AT_ONCE", 0.0)
        assert "line 1 was not reached, and nothing was suppressed" in self.send(3)
        assert not Suppression.objects.exists()

    def test_come_in_below_both(self) -> None:
        assert "3 addresses suppressed" in self.send(3)
