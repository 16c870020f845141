"""CSV as spreadsheets and programs read it: UTF-8 with a byte order mark, commas, no formulas."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from campaigns.attributes.values import show
from campaigns.exports.tables import Cell, Row
from campaigns.files.formulas import escaped_everywhere

BUFFER = 64 * 1024


def head(headings: Sequence[str]) -> bytes:
    """Spreadsheets recognise UTF-8 by the mark."""
    return b"".join(lines([headings], "\ufeff"))


def lines(rows: Iterable[Row], before: str = "") -> Iterator[bytes]:
    """Some thousand characters at a time."""
    text = StringIO(before)
    text.seek(0, 2)
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([written(cell) for cell in row])
        if text.tell() > BUFFER:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    if text.tell():
        yield text.getvalue().encode()


def written(cell: Cell) -> str:
    if isinstance(cell, str):
        return escaped_everywhere(cell)
    if isinstance(cell, dt.datetime):
        return cell.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return cell.isoformat() if isinstance(cell, dt.date) else show(cell)
