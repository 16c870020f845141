"""Files of what else an import says of rows, all of it: its page and its result have the first."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable
from io import StringIO
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.files.formulas import escaped_everywhere
from campaigns.files.row_errors import LineProblem
from campaigns.imports.writing.rejected import KEEP
from campaigns.models import Operation
from campaigns.operations import files

NAMES: dict[str, Any] = {
    "ignored": _("cells left out of %(name)s.csv"),
    "suppressed": _("suppressed of %(name)s.csv"),
    "still_mailed": _("still mailed of %(name)s.csv"),
}
"""By the role of the file, which is the list of the result that it continues."""


def append(operation: Operation, role: str, problems: Iterable[LineProblem]) -> None:
    """Add to the operation's file of this role, which is made with the first of them."""
    rows = [[str(line), escaped_everywhere(value), reason] for line, value, reason in problems]
    if not rows or files.append(operation, role, [_lines(rows)]):
        return
    head = _lines([[gettext("Line of the file"), gettext("Value"), gettext("Reason")]])
    name = operation.title.rpartition(".")[0] or operation.title or gettext("rows")
    named = str(NAMES[role]) % {"name": name}
    files.store(operation, role, named, [codecs.BOM_UTF8 + head, _lines(rows)], KEEP)


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")
