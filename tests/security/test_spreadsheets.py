"""What others wrote stays text in the spreadsheets that staff open."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pytest

from campaigns.exports import csv_file, xlsx_file
from tests.campaigns.exports.files import cells, sheets

FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    " =1+1",
    '=HYPERLINK("http://x.example";"x")',
]
MARKUP = [
    "<r><t>bold</t></r>",
    "<r></v></c></row><row><c><f>1+1</f></c></r>",
    "</t></is></c>",
    "<![CDATA[x]]>",
    "&lt;&amp;",
    "{=1+1}",
    "http://x.example/" + "a" * 3000,
    "internal:Sheet1!A1",
    "mailto:x@example.com",
    "1e400",
    "0123",
    "TRUE",
]
ODD = [
    "_x0041_",
    "\x00\x01\x0b\x1f",
    "a\nb\r\nc",
    "\ufffe\uffff",
    "🎂" * 3,
    " blanks ",
    "\u202e=1+1",
]


def written_as_xlsx(texts: list[str], folder: Path, most_rows: int = 1000) -> bytes:
    path = folder / "x.xlsx"
    file = xlsx_file.XlsxFile(path, ["text"], most_rows)
    file.add([text] for text in texts)
    file.close()
    return path.read_bytes()


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_of_a_csv_is_no_formula(text: str) -> None:
    (line,) = csv.reader(StringIO(b"".join(csv_file.lines([[text]])).decode(), newline=""))
    assert line[0].startswith("'") or line[0].lstrip("\t\r ").startswith("'")


def test_a_number_of_a_csv_is_no_text() -> None:
    assert b"".join(csv_file.lines([[-3, 0.5, True, None]])) == b"-3,0.5,yes,\r\n"


def test_a_heading_of_a_csv_is_no_formula() -> None:
    assert csv_file.head(["=1+1"]) == b"\xef\xbb\xbf'=1+1\r\n"


@pytest.mark.parametrize("text", [*FORMULAS, *MARKUP])
def test_a_cell_of_an_xlsx_is_the_text_that_it_is(text: str, tmp_path: Path) -> None:
    heading, cell = cells(written_as_xlsx([text], tmp_path))
    assert (heading.value, cell.data_type, cell.hyperlink) == ("text", "s", None)
    assert str(cell.value).strip() == text.replace("\r", "\n").strip() or "_x000D_" in cell.value


@pytest.mark.parametrize("text", ODD)
def test_no_character_breaks_an_xlsx(text: str, tmp_path: Path) -> None:
    assert len(sheets(written_as_xlsx([text, "after"], tmp_path))[0]) == 3


def test_a_heading_of_an_xlsx_is_no_markup(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    xlsx_file.XlsxFile(path, ["<r><f>1</f></r>"]).close()
    (cell,) = cells(path.read_bytes())
    assert (cell.data_type, cell.value) == ("s", " <r><f>1</f></r>")


def test_rows_beyond_a_sheet_come_on_further_ones_with_their_headings(tmp_path: Path) -> None:
    found = sheets(written_as_xlsx(list("abcde"), tmp_path, most_rows=2))
    assert found == [
        [("text",), ("a",), ("b",)],
        [("text",), ("c",), ("d",)],
        [("text",), ("e",)],
    ]


def test_a_text_longer_than_a_cell_is_cut_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    file = xlsx_file.XlsxFile(path, ["text"])
    file.add([["a" * 32_767], ["b" * 40_000], ["🎂" * 20_000]])
    file.close()
    texts = [row[0] for row in sheets(path.read_bytes())[0][1:]]
    assert [len(text) for text in texts] == [32_767, 32_767, 16_383]
    assert file.cut == 2


def test_nothing_is_left_on_the_disk() -> None:
    with xlsx_file.temporary(["text"]) as (file, path):
        file.close()
        folder = path.parent
    assert not folder.exists()
