"""Files of exports, read by libraries that know nothing of how they were written."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from typing import Any

import openpyxl


def csv_rows(file: bytes) -> list[dict[str, str]]:
    text = file.decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline="")))


def sheets(file: bytes) -> list[list[tuple[Any, ...]]]:
    """Every sheet with its headings."""
    book = openpyxl.load_workbook(BytesIO(file))
    return [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]


def cells(file: bytes) -> list[Any]:
    """Every cell of the first sheet with its type."""
    sheet = openpyxl.load_workbook(BytesIO(file)).worksheets[0]
    return [cell for row in sheet.iter_rows() for cell in row]


def xlsx_rows(file: bytes) -> list[dict[str, Any]]:
    headings, *rows = sheets(file)[0]
    return [dict(zip(headings, row, strict=True)) for row in rows]
