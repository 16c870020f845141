"""Reading files as the imports do, up to the database."""

from __future__ import annotations

from io import BytesIO

from campaigns.files import contact_import, suppression_import
from campaigns.files.contact_import import ImportReport
from campaigns.files.csv_reader import open_table
from campaigns.files.import_table import refuse_without_addresses
from campaigns.files.suppression_import import Entry, SuppressionReport


def read_contacts(raw: bytes, encoding: str | None = None) -> ImportReport:
    report = ImportReport()
    with open_table(BytesIO(raw), encoding, contact_import._has_address_column) as source:
        refuse_without_addresses(
            source.header, contact_import._has_address_column, "email addresses"
        )
        for batch in contact_import._batches(contact_import._good_rows(source, [], report, True)):
            report.created += len(batch)
    return report


def read_suppressions(raw: bytes, encoding: str | None = None) -> SuppressionReport:
    report = SuppressionReport()
    default = Entry(0, "", "manual", "")
    with open_table(BytesIO(raw), encoding, suppression_import._has_address_column) as source:
        columns = suppression_import._columns(source.header)
        for _ in suppression_import._good_rows(source, columns, default, report):
            report.added += 1
    return report
