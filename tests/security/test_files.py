"""Files that staff bring cost what their size is worth, and each limit is named."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from addressing.addresses import AddressError, normalise
from campaigns.admin import importing
from campaigns.files import csv_reader
from campaigns.files.contact_columns import folded, keys_of
from campaigns.files.encoding import SourceError
from campaigns.files.formulas import escaped, unescaped
from campaigns.files.row_errors import FileImportError, LineProblem, Problems
from campaigns.files.suppression_import import import_suppressions
from campaigns.imports.report import ImportReport
from campaigns.imports.writing.contacts import import_contacts
from campaigns.models import Contact, Suppression
from tests.campaigns.admin.staff import SUPERUSER, VIEWER, address, member, page_of, signed_in
from tests.factories import SenderFactory
from tests.security.files import read_contacts, read_suppressions
from tests.security.scaling import assert_linear

IMPORT = address("campaigns.suppression", "import_file")
CONTACTS = address("campaigns.contact", "import_file")


def repeated(piece: str, start: str = "email,name,tags\n", end: str = "") -> Callable[[int], bytes]:
    return lambda size: f"{start}{piece * (size // len(piece))}{end}".encode()


ATTACKS = {
    "good rows": repeated("ada@b.example,Ada,vip\n"),
    "bad rows": repeated("x\n"),
    "blank lines": repeated("\n"),
    "blank lines of an old Mac": repeated("\r"),
    "blank lines before the header": repeated("\n", start=""),
    "equal headings": repeated("city,", start="email,"),
    "empty headings": repeated(",", start="email,", end="\nada@b.example"),
    "headings": repeated("a,b,c,", start="email,"),
    "a long heading": repeated("aA-", start="email,"),
    "wide letters in a heading": repeated("\ufdfa", start="email,"),
    "cells": repeated(","),
    "a cell": repeated("a"),
    "a quotation mark that is not closed": repeated(
        "ada@b.example\n", start='email,name\n"' + "a" * 140_000
    ),
    "a row of quoted lines": repeated('"\n",', start="email,name\n"),
    "quotation marks": repeated('"'),
    "quotation marks and line feeds": repeated('"\n"'),
    "marks that are not clear": repeated('"\n"x\n'),
    "marks with a back-slash": repeated('"a@b.example","\\"","\\"x"\n'),
    "marks and blanks": repeated('"a" x "  "', end='"\n'),
    "rows within a cell": repeated('a@b.example,"a\nb@b.example,b"\n'),
    "statuses": repeated("a@b.example,x1\n", start="email,status\n"),
    "NUL": repeated("\0"),
    "tags": repeated("a;", start="email,tags\nada@b.example,"),
    "an address": repeated("a", end="@b.example\n"),
    "labels of a domain": repeated("ü.", start="email\na@"),
    "white space": repeated(" "),
    "what separates cells": repeated("sep=;\n", start=""),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_time_to_read_contacts_grows_as_the_file_does(attack: str) -> None:
    assert_linear(read_contacts, ATTACKS[attack], raises=(SourceError,))


@pytest.mark.parametrize(
    "attack",
    [
        "good rows", "bad rows", "equal headings", "quotation marks",
        "quotation marks and line feeds", "marks that are not clear", "rows within a cell",
    ],
)  # fmt: skip
def test_the_time_to_read_suppressions_grows_as_the_file_does(attack: str) -> None:
    assert_linear(read_suppressions, ATTACKS[attack], raises=(SourceError,))


def test_no_more_than_a_row_is_read_of_a_line_without_end() -> None:
    class Endless(BytesIO):
        taken = 0

        def seekable(self) -> bool:
            return True

        def seek(self, *where: int) -> int:
            return 0

        def read(self, size: int | None = -1) -> bytes:
            assert size is not None and size > 0
            self.taken += size
            assert self.taken < 10_000_000
            return b"a" * size

        read1 = read

    with (
        pytest.raises(SourceError, match="row on line 1 is longer than 500,000 characters"),
        csv_reader.open_table(Endless(), "utf-8", bool),
    ):
        pass


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("email\n" + "x" * 600_000, "row on line 2 is longer than 500,000 characters"),
        ('email\na\n"' + 'x\n","' * 110_000, "row on line 3 .* a quotation mark is not closed"),
        ("email," + ",".join(f"c{n}" for n in range(500)), "names 501 columns, and a file may"),
        ("email,tags\n" + "".join(f"a{n}@b.example,t{n}\n" for n in range(10_001)), "line 10,002"),
    ],
)
def test_what_is_too_much_for_a_file_is_named(raw: str, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        read_contacts(raw.encode())


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("," + ";".join("abcdefghij" * 11), "more than 100 tags"),
        (",," + ",".join(["x" * 2_000] * 26), "longer than 50,000 characters together"),
    ],
)
def test_what_is_too_much_for_a_row_is_named_and_the_others_come_in(row: str, problem: str) -> None:
    headings = ",".join(f"c{n}" for n in range(30))
    raw = f"email,tags,{headings}\nada@b.example{row}\nbob@b.example\n"
    report = read_contacts(raw.encode())
    assert report.created == 1
    assert problem in report.rejected[0].reason


def test_headings_without_end_that_say_nothing_are_no_columns() -> None:
    raw = "email,name" + "," * 16_000 + "\nada@b.example,Ada" + "," * 16_000
    assert read_contacts(raw.encode()).created == 1


def test_equal_headings_get_a_number_each() -> None:
    assert keys_of(["city", "City", "CITY ", "city_2", "city"]) == [
        "city", "city_2", "city_3", "city_2_2", "city_4",
    ]  # fmt: skip


@pytest.mark.parametrize("heading", ["Now", "today", "partial", "EDM open url", "unsubscribe-URL"])
def test_a_column_does_not_take_a_name_that_templates_need(heading: str) -> None:
    (key,) = keys_of([heading])
    assert key.startswith("field_")


def test_both_imports_know_a_heading_by_any_width() -> None:
    assert folded("Ｅ－Ｍａｉｌ") == folded("e-mail")
    raw = "ＲＥＡＳＯＮ,ｅｍａｉｌ\nspam,ada@b.example\n".encode()
    assert read_suppressions(raw).added == 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(encoding: str) -> None:
    assert read_contacts("email\nada@b.example\n".encode(encoding)).created == 1


LETTERS = "email,name\na@b.example,Zoë\nb@b.example,Łukasz\nc@b.example,"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (b"J\xfcrgen\n", "FC"),
        (b"\xed\xa0\x80\n", "ED"),
        (b"\xc3", "C3"),
        (b"\xf0\x9f\x98\r\n\xf0\x9f", "F0 9F 98"),
        (b"\xed\xa0\x80" * 40_000, "ED"),
    ],
)
def test_a_file_that_is_utf8_but_for_a_few_bytes_is_refused_by_the_line(
    wrong: bytes, named: str
) -> None:
    with pytest.raises(SourceError, match=f"Line 4 is not valid UTF-8 .bytes {named}.*but for"):
        read_contacts(LETTERS.encode() + wrong)


def test_surrogates_alone_are_no_letters_of_another_encoding() -> None:
    with pytest.raises(SourceError, match="Line 2 is not valid UTF-8"):
        read_suppressions(b"email,note\na@b.example,\xed\xa0\xbd\xed\xb8\x80\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("lines", [1, 10_000, 21_845])
def test_the_line_is_named_that_is_not_in_the_encoding(end: str, lines: int) -> None:
    good = "".join(f"a@b{end}" for _ in range(lines))
    raw = f"email{end}{good}".encode() + b"\xff@b.example"
    with pytest.raises(SourceError, match=f"see line {lines + 2:,} .bytes FF"):
        read_contacts(raw, "utf-8")


def test_a_file_whose_letters_are_not_utf8_is_read_as_before() -> None:
    raw = "email,name\na@b.example,Zoë Müller\nb@b.example,José Peña\n".encode("cp1252")
    assert read_contacts(raw).created == 2


@pytest.mark.parametrize("separator", ['"', "\r", "\0", "a", "\\", "'"])
def test_what_cannot_separate_cells_is_not_believed(separator: str) -> None:
    with pytest.raises(SourceError, match="No column has email addresses"):
        read_contacts(f"sep={separator}\nemail{separator}name\n".encode())


def test_only_the_first_problems_are_kept_and_all_are_counted() -> None:
    problems = Problems()
    for line in range(1_500):
        problems.add(LineProblem(line, "", ""))
    assert (len(problems), len(list(problems)), problems.unlisted) == (1_500, 1_000, 500)


@pytest.mark.django_db
class TestAnImport:
    @pytest.fixture
    def owner(self) -> User:
        return User.objects.create_user("ann")

    def load(self, owner: User, raw: str, **options: Any) -> ImportReport:
        return import_contacts(BytesIO(raw.encode()), owner, **options)

    def test_that_takes_too_long_changes_nothing_and_says_so(
        self, owner: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ticks = count()
        monkeypatch.setattr(csv_reader, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
        with pytest.raises(FileImportError, match="longer than it may in the browser.* line 21"):
            self.load(owner, "email\n" + "ada@b.example\n" * 50, seconds=20)
        assert not Contact.objects.exists()

    def test_whose_statements_take_too_long_says_so(self, owner: User) -> None:
        rows = "".join(f"user{n}@b.example\n" for n in range(5_000))
        with pytest.raises(FileImportError, match="longer than it may in the browser"):
            self.load(owner, f"email\n{rows}", seconds=0.001)

    def test_cannot_make_the_attributes_of_a_contact_grow_without_end(self, owner: User) -> None:
        for first in range(0, 75, 25):
            names = ",".join(f"c{n}" for n in range(first, first + 25))
            self.load(owner, f"email,{names}\nada@b.example" + ",é".ljust(2_000, "x") * 25)
        names = ",".join(f"c{n}" for n in range(75, 100))
        with pytest.raises(FileImportError, match="ada@b.example .* more than 200,000 bytes"):
            self.load(owner, f"email,{names}\nada@b.example" + ("," + "é" * 2_000) * 25)
        assert len(Contact.objects.get().attributes) == 75


@pytest.mark.django_db
class TestAnUpload:
    def send(self, content: bytes, page: str = IMPORT) -> Any:
        file = SimpleUploadedFile("list.csv", content, "text/csv")
        return signed_in(member(SUPERUSER)).post(page, {"file": file, "reason": "manual"})

    def test_that_is_larger_than_it_may_be_is_explained(self, settings: Settings) -> None:
        settings.IMPORT_MAX_MEGABYTES = 1
        page = page_of(self.send(b"email\n" + b"ada@b.example\n" * 80_000))
        assert "The file has 1.1 MB; in the browser it may have 1." in page
        assert not Suppression.objects.exists()

    def test_that_is_far_larger_is_refused_before_it_is_read(self, settings: Settings) -> None:
        settings.IMPORT_MAX_MEGABYTES = 1
        refused = self.send(b"x" * 21_000_001)
        assert refused.status_code == 400
        assert "The files are larger than 21 MB in all" in refused.text
        assert "choose smaller files" in refused.text

    def test_of_contacts_may_be_larger(self, settings: Settings) -> None:
        settings.IMPORT_MAX_MEGABYTES = 1
        settings.CONTACT_FILE_MAX_MEGABYTES = 30
        assert self.send(b"x" * 21_000_001, CONTACTS).status_code == 200
        settings.CONTACT_FILE_MAX_MEGABYTES = 2
        assert self.send(b"x" * 22_000_001, CONTACTS).status_code in (400, 413)

    def test_is_larger_for_none_who_may_not_import(self, settings: Settings) -> None:
        """The body is read before the page looks at permissions: for the token in the form."""
        settings.IMPORT_MAX_MEGABYTES = 1
        client = Client(enforce_csrf_checks=True)
        client.force_login(member(VIEWER))
        client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
        file = SimpleUploadedFile("list.csv", b"x" * 21_000_001, "text/csv")
        assert client.post(CONTACTS, {"file": file}).status_code in (400, 413)

    def test_has_a_time_after_which_it_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importing, "SECONDS", 0.0)
        monkeypatch.setattr("campaigns.admin.suppressions.SECONDS", 0.0)
        assert "longer than it may in the browser" in page_of(self.send(b"email\na@b.example\n"))


FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠SUM", " =1",
    "'=1", "''=1", '"=1', "\u200b=1", "\ufeff@x", "﹦1", "⁺1", "−1", "\u3000＝1", "\u00a0-1",
]  # fmt: skip


@pytest.mark.parametrize("cell", FORMULAS)
def test_what_a_spreadsheet_would_calculate_goes_out_as_text_and_comes_in_as_it_was(
    cell: str,
) -> None:
    assert escaped(cell) == f"'{cell}"
    assert unescaped(escaped(cell)) == cell


@pytest.mark.parametrize("cell", ["", "ada@b.example", "'quoted'", "1+1", "don't", "  x"])
def test_other_cells_go_out_as_they_are(cell: str) -> None:
    assert escaped(cell) == unescaped(cell) == cell


ENCODED_WORDS = ["=?utf-8?q?ada?=@b.example", "=?x?b?YWRh@b.example", "ada?=@b.example"]


@pytest.mark.parametrize("written", ENCODED_WORDS)
def test_an_address_with_an_encoded_word_is_refused(written: str) -> None:
    with pytest.raises(AddressError, match="cannot contain"):
        normalise(written)


@pytest.mark.parametrize("written", ENCODED_WORDS)
def test_no_import_takes_an_address_with_an_encoded_word(written: str) -> None:
    raw = f"email\n{written}\n".encode()
    assert len(read_contacts(raw).rejected) == len(read_suppressions(raw).rejected) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "entered", [{"local_part": "=?utf-8?q?ada?="}, {"reply_to": "=?utf-8?q?a?=@b.example"}]
)
def test_no_sender_has_an_address_with_an_encoded_word(entered: dict[str, str]) -> None:
    user = member(SUPERUSER)
    sender = SenderFactory(owner=user)
    form = {"owner": user.pk, "local_part": "news", **entered}
    page = page_of(
        signed_in(user).post(address("campaigns.sender", "change", sender.pk), form, follow=True)
    )
    assert "cannot contain =? or ?=" in page


@pytest.mark.django_db
def test_suppressions_named_like_formulas_come_back_from_a_file_as_they_were() -> None:
    raw = "email,source\nada@b.example,' ＝1\n'@b.example,x\n".encode()
    import_suppressions(BytesIO(raw), domains=True)
    rows = dict(Suppression.objects.values_list("email", "source"))
    assert rows == {"ada@b.example": "＝1", "@b.example": "x"}
