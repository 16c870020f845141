"""Cells of a workbook that are read as empty ones: formulas that came to an error, such as #N/A, or
whose results the file does not have, as programs write it that calculate none.
Call it in a worker with limits."""

from __future__ import annotations

import re
import zipfile
import zlib
from html import unescape
from io import BytesIO
from typing import NamedTuple

from django.utils.translation import gettext, ngettext

_BLOCK = 1 << 20  # bytes
_LONGEST = 12_000  # bytes of a cell with a formula, of which the longest has 8,192
_SHEET = re.compile(r"<(?:\w{1,50}:)?sheet\b[^<>]{0,2000}>")
_RELATION = re.compile(r"<(?:\w{1,50}:)?Relationship\b[^<>]{0,4000}>")
_ATTRIBUTE = re.compile(r'([\w:]{1,100})="([^"]*)"')
_CELL = re.compile(rb'<(?:\w{1,50}:)?c\b(?=[^<>]{0,500}\bt="e")[^<>]{0,500}>')
_WITHOUT_RESULT = re.compile(
    rb"<(?:\w{1,50}:)?c\b[^<>]{0,500}><(?:\w{1,50}:)?f\b[^<>]{0,500}"
    rb"(?:/>|>[^<]{0,9000}</(?:\w{1,50}:)?f>)(?:<(?:\w{1,50}:)?v\s?/>|<v></v>)?</(?:\w{1,50}:)?c>"
)
_PLACE = re.compile(rb'\br="([A-Z]+[0-9]+)"')


class Found(NamedTuple):
    """How many there are, and the place of the first, such as B7, where the file says it."""

    total: int = 0
    first: str = ""

    def said(self, text: str) -> str:
        return text % {"count": f"{self.total:,}", "place": self.place}

    @property
    def place(self) -> str:
        return gettext(", the first in %(first)s") % {"first": self.first} if self.first else ""


class ErrorCells(NamedTuple):
    errors: Found = Found()
    without_result: Found = Found()

    def note(self) -> list[str]:
        notes = []
        if self.errors.total:
            text = ngettext(
                "%(count)s cell of the sheet has an error such as #N/A%(place)s: taken for empty. "
                "Mend the formula if this value matters.",
                "%(count)s cells of the sheet have errors such as #N/A%(place)s: taken for empty. "
                "Mend the formulas if these values matter.",
                self.errors.total,
            )
            notes.append(self.errors.said(text))
        if self.without_result.total:
            text = ngettext(
                "%(count)s cell of the sheet has a formula without a result%(place)s: taken for "
                "empty. Open the file in a spreadsheet program and save it there, which calculates "
                "them.",
                "%(count)s cells of the sheet have formulas without a result%(place)s: taken for "
                "empty. Open the file in a spreadsheet program and save it there, which calculates "
                "them.",
                self.without_result.total,
            )
            notes.append(self.without_result.said(text))
        return notes


def error_cells(data: bytes, sheet: str) -> ErrorCells:
    """Of a sheet. None where the workbook is not built as usual: reading it says what is wrong."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as book:
            return _in_part(book, _part_of(book, sheet))
    except (zipfile.BadZipFile, zlib.error, LookupError, ValueError, EOFError, RuntimeError):
        return ErrorCells()


def _attributes_of(tags: re.Pattern[str], text: str) -> list[dict[str, str]]:
    return [dict(_ATTRIBUTE.findall(tag)) for tag in tags.findall(text)]


def _part_of(book: zipfile.ZipFile, sheet: str) -> str:
    """Raises KeyError."""
    sheets = _attributes_of(_SHEET, book.read("xl/workbook.xml").decode("utf-8", "replace"))
    named = {unescape(each["name"]): each for each in sheets if "name" in each}
    wanted = [value for key, value in named[sheet].items() if key.endswith(":id")][0]
    relations = book.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    for attributes in _attributes_of(_RELATION, relations):
        if attributes.get("Id") == wanted:
            target = unescape(attributes["Target"])
            return target[1:] if target.startswith("/") else f"xl/{target}"
    raise KeyError(sheet)


def _in_part(book: zipfile.ZipFile, part: str) -> ErrorCells:
    errors, without_result = _Counter(_CELL), _Counter(_WITHOUT_RESULT)
    with book.open(part) as xml:
        while block := xml.read(_BLOCK):
            errors.add(block)
            without_result.add(block)
    return ErrorCells(errors.found, without_result.found)


class _Counter:
    """Of cells in a part that is read block by block."""

    def __init__(self, cell: re.Pattern[bytes]) -> None:
        self._cell = cell
        self._rest = b""
        self.found = Found()

    def add(self, block: bytes) -> None:
        text = self._rest + block
        end = 0
        for cell in self._cell.finditer(text):
            place = _PLACE.search(cell[0])
            first = self.found.first or (place[1].decode() if place else "")
            self.found, end = Found(self.found.total + 1, first), cell.end()
        self._rest = text[max(end, len(text) - _LONGEST) :]
