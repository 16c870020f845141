"""Reading files as the imports do, up to the database."""

from __future__ import annotations

from io import BytesIO

from campaigns.files import suppression_import
from campaigns.files.csv_reader import open_table
from campaigns.files.suppression_import import Entry, SuppressionReport
from campaigns.imports.reading.sources import opened
from campaigns.imports.report import ImportReport
from campaigns.imports.settings import ImportSettings


def read_contacts(raw: bytes, encoding: str | None = None) -> ImportReport:
    report = ImportReport()
    settings = ImportSettings(encoding=encoding or "", may_suppress=True)
    with opened(BytesIO(raw), settings) as source:
        for piece in source.pieces({}):
            report.add(piece.report)
            report.created += len(piece.rows)
    return report


def read_suppressions(raw: bytes, encoding: str | None = None) -> SuppressionReport:
    report = SuppressionReport()
    default = Entry(0, "", "manual", "")
    with open_table(BytesIO(raw), encoding, suppression_import._has_address_column) as source:
        columns = suppression_import._columns(source.header)
        for _ in suppression_import._good_rows(source, columns, default, report):
            report.added += 1
    return report
