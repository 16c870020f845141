"""The file of rejected rows: line, reason and the original cells, to be corrected and imported
again."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
from collections.abc import Iterable
from io import StringIO

from django.utils.translation import gettext

from campaigns.files.formulas import escaped_everywhere
from campaigns.imports.reading.columns import is_rejected_file, rejected_headings
from campaigns.imports.reading.pieces import RefusedRow
from campaigns.models import Operation
from campaigns.operations import files

ROLE = "rejected"
KEEP = dt.timedelta(days=30)


def append(operation: Operation, header: list[str], rows: Iterable[RefusedRow]) -> None:
    """Add rows to the operation's file, which is made with the first of them. Of a file that comes
    back, the former lines and reasons are replaced."""
    again = is_rejected_file(header)
    text = StringIO()
    writer = csv.writer(text)
    for line, reason, cells in rows:
        told = [reason, *(cells[2:] if again else cells)]
        writer.writerow([line, *map(escaped_everywhere, told)])
    if not text.tell():
        return
    data = text.getvalue().encode("utf-8", "replace")
    if files.append(operation, ROLE, [data]):
        return
    head = StringIO()
    headings = header[2 if again else 0 :]
    csv.writer(head).writerow([*rejected_headings(), *map(escaped_everywhere, headings)])
    first = codecs.BOM_UTF8 + head.getvalue().encode("utf-8", "replace")
    files.store(operation, ROLE, _name(operation.title), [first, data], KEEP)


def _name(title: str) -> str:
    name = title.rpartition(".")[0] or title or gettext("rows")
    return gettext("rejected %(name)s.csv") % {"name": name}
