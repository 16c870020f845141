"""The first rows of a file as they will come in."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from campaigns.attributes.values import show
from campaigns.files.csv_reader import CsvRow
from campaigns.files.opt_outs.columns import Judge
from campaigns.files.row_errors import RowError
from campaigns.imports.attributes import key_of
from campaigns.imports.reading.columns import is_own_file, own_cells
from campaigns.imports.reading.rows import Row, RowReader
from campaigns.imports.settings import ColumnSettings, ImportSettings, Meaning, SampleRow
from campaigns.models import MailConsent

M = Meaning


def sample_of(
    rows: list[CsvRow],
    header: list[str],
    settings: ImportSettings,
    judge: Judge,
    declared: Collection[str],
) -> Iterator[SampleRow]:
    """`declared` are keys of attributes that there are already: they take no new choices."""
    reader = RowReader(settings)
    for key, choices in reader.choices.items():
        choices.may_grow = key not in declared
    for row in rows:
        if is_own_file(header):
            row = row._replace(cells=own_cells(header, row.cells))
        cells = [cell.strip() for cell in row.cells[: len(header)]]
        cells += [""] * (len(header) - len(cells))
        try:
            read = reader.read(row)
        except RowError as error:
            yield SampleRow(row.line, tuple(cells), error.reason)
            continue
        kept_out = judge.kept_out(reader.judged(row.cells))
        left_out = {cell for cell, _ in read.left_out}
        yield SampleRow(
            row.line,
            tuple(
                cell if cell in left_out else _shown(column, cell, read)
                for column, cell in zip(settings.columns, cells, strict=True)
            ),
            kept_out.explain(settings.may_suppress) if kept_out else "",
            tuple((cells.index(cell), reason) for cell, reason in read.left_out if cell in cells),
        )


def _shown(column: ColumnSettings, cell: str, row: Row) -> str:
    if key := key_of(column):
        return show(row.attributes.get(key))
    return {
        M.ADDRESS: row.email,
        M.NAME: row.name,
        M.TAGS: ", ".join(row.tags),
        M.CONSENT: str(MailConsent(row.consent).label) if row.consent and cell else "",
        M.CONSENT_AT: row.consent_at if cell else "",
        M.TRACKING_CONSENT: show(row.tracking),
    }.get(column.meaning, cell)
