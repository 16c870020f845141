"""Workbooks: sheets, cells as a person would write them, and what is no workbook."""

from __future__ import annotations

import datetime as dt
import zipfile
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter
from django.contrib.auth.models import User

from campaigns.files.row_errors import FileImportError
from campaigns.imports.reading import workbooks
from campaigns.imports.settings import ImportSettings
from campaigns.imports.understanding.understand import understand
from campaigns.models import Contact
from tests.campaigns.imports.importing import (
    carried_out,
    guessed,
    imported,
    numbers_of,
    prepared,
)
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
ROWS: list[list[Any]] = [
    ["email", "name", "age"],
    ["ann@b.example", "Ann", 30],
    ["bob@b.example", "Bob", 31.5],
]

ERRORS = {"=NA()": "#N/A", "=1/0": "#DIV/0!"}
"""What these formulas come to."""


@pytest.fixture
def owner() -> User:
    return UserFactory()


def workbook(*sheets: list[list[Any]], hidden: int | None = None, **options: Any) -> bytes:
    raw = BytesIO()
    with xlsxwriter.Workbook(raw, options) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, rows in enumerate(sheets):
            sheet = book.add_worksheet(f"Sheet {number}")
            if number == hidden:
                sheet.hide()
            for at, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    form = day if isinstance(cell, dt.date) else None
                    if isinstance(cell, str) and cell.startswith("="):
                        sheet.write_formula(at, column, cell, None, ERRORS.get(cell, 7))
                    else:
                        sheet.write(at, column, cell, form)
        if hidden == 0:
            book.get_worksheet_by_name("Sheet 1").activate()
    return raw.getvalue()


def test_cells_with_errors_come_in_empty_and_are_told(owner: User) -> None:
    rows = [*ROWS, ["eve@b.example", "=NA()", "=1/0"]]
    raw = workbook([["email"]], rows)
    understood = understand(BytesIO(raw), "list.xlsx", owner, ImportSettings(sheet="Sheet 1"))
    assert any("2 cells" in note and "B4" in note for note in understood.notes)
    result = carried_out(prepared(raw, owner, understood.settings))
    assert numbers_of(result) == [3, 0, 0, 0, 0]
    assert any("2 cells" in note and "B4" in note for note in result["notes"])
    assert Contact.objects.get(email="eve@b.example").attributes == {}


def test_formulas_without_a_result_come_in_empty_and_are_told(owner: User) -> None:
    """As programs write them that calculate nothing: xlsxwriter would write 0 for each."""
    raw = workbook([*ROWS, ["eve@b.example", '="Eve"', "=1+1"]])
    stripped = BytesIO()
    with zipfile.ZipFile(BytesIO(raw)) as book, zipfile.ZipFile(stripped, "w") as other:
        for part in book.namelist():
            text = book.read(part)
            other.writestr(part, text.replace(b"</f><v>7</v>", b"</f>"))
    understood = understand(stripped, "list.xlsx", owner)
    assert [note for note in understood.notes if "without a result" in note] == [
        "2 cells of the sheet have formulas without a result, the first in B4: taken for empty. "
        "Open the file in a spreadsheet program and save it there, which calculates them."
    ]


def test_a_sheet_without_errors_has_no_note_of_them(owner: User) -> None:
    raw = workbook([*ROWS, ["eve@b.example", "=NA()", 3]], ROWS)
    understood = understand(BytesIO(raw), "list.xlsx", owner, ImportSettings(sheet="Sheet 1"))
    assert understood.notes == ()


def test_the_first_sheet_with_addresses_is_chosen(owner: User) -> None:
    raw = workbook([["Members of our club"]], [["Made in 2024"], [], *ROWS])
    found = understand(BytesIO(raw), "club.xlsx", owner)
    assert (found.settings.sheet, found.settings.header_line) == ("Sheet 1", 3)
    assert found.sheets == ("Sheet 0", "Sheet 1")


@pytest.mark.parametrize(
    ("sheet", "rows"), [(ROWS, 2), ([["Our club"], [], *ROWS], 2), ([["email"]], 0)]
)
def test_rows_are_counted_from_the_headings_to_the_last(
    owner: User, sheet: list[list[Any]], rows: int
) -> None:
    assert understand(BytesIO(workbook(sheet)), "x.xlsx", owner).rows == rows


def test_rows_come_in_with_their_types(owner: User) -> None:
    assert numbers_of(imported(workbook(ROWS), owner)) == [2, 0, 0, 0, 0]
    ages = dict(Contact.objects.values_list("email", "attributes__age"))
    assert ages == {"ann@b.example": 30, "bob@b.example": 31.5}


def test_a_sheet_is_chosen_and_hidden_ones_come_last(owner: User) -> None:
    raw = workbook([["secret"]], ROWS, [["email"], ["eve@b.example"]], hidden=0)
    found = understand(BytesIO(raw), "list.xlsx", owner)
    assert found.sheets == ("Sheet 1", "Sheet 2", "Sheet 0")
    other = understand(BytesIO(raw), "list.xlsx", owner, ImportSettings(sheet="Sheet 2"))
    assert other.sample[0].cells == ("eve@b.example",)


@pytest.mark.parametrize("options", [{}, {"date_1904": True}])
def test_cells_are_as_a_person_would_write_them(owner: User, options: dict[str, Any]) -> None:
    head = ["email", "n", "f", "b", "d", "formula", "long"]
    row = ["a@b.example", 1, 1.5, True, dt.date(2026, 5, 1), "=3+4", 12345678901]
    raw = workbook([head, row], **options)
    cells = understand(BytesIO(raw), "x.xlsx", owner).sample[0].cells
    assert cells == ("a@b.example", "1", "1.5", "yes", "2026-05-01", "7", "12345678901")


def test_headings_may_stand_further_down(owner: User) -> None:
    raw = workbook([["Our customers"], [], [], *ROWS, ["bad", "Eve", 1]])
    settings = guessed(raw, owner)
    assert settings.header_line == 4
    result = imported(raw, owner)
    assert numbers_of(result) == [2, 0, 0, 0, 1]
    assert result["listed"]["rejected"][0][0] == 7


def test_it_is_read_in_pieces(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.imports.reading.pieces.ROWS", 1)
    assert numbers_of(imported(workbook(ROWS), owner)) == [2, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw.replace(b"sheet1.xml", b"sheet9.xml"),
        lambda raw: raw[:3_000] + bytes(200) + raw[3_200:],
    ],
)
def test_a_damaged_workbook_is_refused_with_a_sentence(owner: User, spoil: Any) -> None:
    raw = spoil(workbook([ROWS[0], *ROWS[1:] * 200]))
    with pytest.raises(FileImportError, match=r"workbook cannot be read|no sheet|sheet is empty"):
        understand(BytesIO(raw), "x.xlsx", owner)


def test_a_bomb_ends_in_a_sentence(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sheet of 2 GB in 2 MB."""
    raw = BytesIO()
    plain = zipfile.ZipFile(BytesIO(workbook(ROWS)))
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as bomb:
        for name in plain.namelist():
            if not name.endswith("sheet1.xml"):
                bomb.writestr(name, plain.read(name))
        with bomb.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(b'<?xml version="1.0"?><worksheet><sheetData><row r="1">')
            cell = b'<c t="inlineStr"><is><t>' + b"a" * 1_000_000 + b"</t></is></c>"
            for _ in range(2_000):
                sheet.write(cell)
            sheet.write(b"</row></sheetData></worksheet>")
    with pytest.raises(FileImportError, match=r"workbook cannot be read: it (needs|takes|makes)"):
        understand(BytesIO(raw.getvalue()), "x.xlsx", owner)


def test_one_that_is_too_large_is_refused(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MAX_MEGABYTES", 0)
    with pytest.raises(FileImportError, match="larger than 0 MB"):
        understand(BytesIO(workbook(ROWS)), "x.xlsx", owner)


def test_other_archives_are_no_workbooks(owner: User) -> None:
    raw = BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("contacts.csv", "email\na@b.example\n")
    with pytest.raises(FileImportError, match="zip archive"):
        understand(BytesIO(raw.getvalue()), "x.zip", owner)
