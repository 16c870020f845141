"""The meanings that the columns of a file probably have, by their headings and cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext

from campaigns.files.composite_cells import address_of
from campaigns.files.contact_columns import folded
from campaigns.files.csv_reader import CsvRow
from campaigns.files.opt_outs.columns import Kind
from campaigns.files.opt_outs.columns import columns_of as status_columns_of
from campaigns.imports.reading.columns import by_headings, judged_headings
from campaigns.imports.settings import ColumnSettings, Meaning
from campaigns.wording import first_of

_ADDRESS = re.compile(r"\s*+[^\s@,;|<>]++@[^\s@,;|<>.]++(?:\.[^\s@,;|<>.]++)++\s*+")
_CONSENT = re.compile(
    r"consent|opt-?in|optedin|agree|accepts|permission|einwillig|zustimm|consentement|consenso|"
    r"consentimiento|同意|许可|許可"
)
_CONSENT_AT = re.compile(
    r"(?:e?mail|marketing|newsletter)*"
    r"(?:optin|confirm|consent|permission|subscri(?:bed|ption)|einwilligungs?)"
    r"(?:ed)?(?:at|on|time|date|datum|zeit|timestamp)|(?:date|time)(?:of)?(?:optin|consent)|"
    r"同意时间|同意日期|订阅时间|訂閱時間"
)
_MOST_ARE = 0.8
_NAMED = 3
"""Columns, in a note."""


def is_like_an_address(cell: str) -> bool:
    return len(cell) < 1_000 and _ADDRESS.fullmatch(address_of(cell)[0]) is not None


def columns_of(header: list[str], sample: list[CsvRow]) -> tuple[ColumnSettings, ...]:
    """A status is a column that says who must not be mailed."""
    columns = list(by_headings(header))
    said = {column.position: column.kind for column in status_columns_of(judged_headings(header))}
    for n, column in enumerate(columns):
        if column.meaning is Meaning.ATTRIBUTE:
            taken = {each.meaning for each in columns}
            meaning = _meaning(folded(column.heading), said.get(n, Kind.UNCLEAR), taken)
            if meaning is not Meaning.ATTRIBUTE:
                columns[n] = replace(column, meaning=meaning, key="")
    return _with_address(columns, sample)


def _meaning(name: str, said: Kind, taken: set[Meaning]) -> Meaning:
    if said is Kind.PERMISSION and _CONSENT.search(name) and Meaning.CONSENT not in taken:
        return Meaning.CONSENT
    if _CONSENT_AT.fullmatch(name) and Meaning.CONSENT_AT not in taken:
        return Meaning.CONSENT_AT
    return Meaning.ATTRIBUTE if said is Kind.UNCLEAR else Meaning.STATUS


def _with_address(
    columns: list[ColumnSettings], sample: list[CsvRow]
) -> tuple[ColumnSettings, ...]:
    """Where no heading says so, the addresses are in the first column most of whose cells are
    such."""
    if all(column.meaning is not Meaning.ADDRESS for column in columns):
        for n, column in enumerate(columns):
            if _has_addresses(sample, n):
                columns[n] = replace(column, meaning=Meaning.ADDRESS, key="")
                break
    return tuple(columns)


def _has_addresses(sample: list[CsvRow], at: int) -> bool:
    cells = [row.cells[at] for row in sample if at < len(row.cells) and row.cells[at].strip()]
    return bool(cells) and sum(map(is_like_an_address, cells)) >= _MOST_ARE * len(cells)


def note_of_further_addresses(columns: Sequence[ColumnSettings], sample: list[CsvRow]) -> list[str]:
    """Where more columns have addresses: a row makes one contact."""
    further = [
        column.heading
        for n, column in enumerate(columns)
        if column.meaning is Meaning.ATTRIBUTE and _has_addresses(sample, n)
    ]
    if not further:
        return []
    named = [f"“{heading}”" for heading in further]
    return [
        gettext(
            "There are more addresses in %(columns)s. Each row makes one contact, of "
            "the column “Email address”; the others become attributes."
        )
        % {"columns": first_of(named, _NAMED)}
    ]
