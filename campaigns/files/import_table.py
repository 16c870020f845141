"""Shared by the imports: a table read in one transaction, and a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from django.utils.translation import gettext

from campaigns.files import time_limits
from campaigns.files.csv_reader import Source, open_table
from campaigns.files.encoding import SourceError
from campaigns.files.row_errors import FileImportError, Problems, shortened

IsHeader = Callable[[list[str]], bool]


@dataclass(slots=True)
class RowsReport:
    """What became of the rows of a file.

    `duplicates` are further rows of an address that came earlier in the file; `ignored` is what
    was left out of rows that came in; `notes` are about the file as a whole.
    """

    duplicates: int = 0
    rejected: Problems = field(default_factory=Problems)
    ignored: Problems = field(default_factory=Problems)
    notes: list[str] = field(default_factory=list)


@contextmanager
def import_table(
    file: BinaryIO, encoding: str | None, is_header: IsHeader, seconds: float | None
) -> Iterator[Source]:
    """Open a table, and a transaction for what is read from it. Raises FileImportError and then has
    changed nothing: also when its rows are not read, or a statement not done, within so many
    seconds.
    """
    try:
        with (
            open_table(file, encoding, is_header, seconds) as table,
            time_limits.import_transaction(seconds),
        ):
            yield table
    except SourceError as error:
        raise FileImportError(str(error)) from error


def refuse_without_addresses(header: list[str], has_addresses: IsHeader, what: str) -> None:
    """Raise SourceError unless a column has `what`: addresses, as the message calls them."""
    if not has_addresses(header):
        headings = ", ".join(shortened(heading) for heading in header[:20])
        raise SourceError(
            gettext(
                "No column has %(what)s: the first row must name the columns, one of them "
                "“email”. It reads: %(headings)s."
            )
            % {"what": what, "headings": headings}
        )
