"""Which type the cells of a column have, and how they are read as values of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from django.utils.translation import gettext

from campaigns.attributes.values import Reading, Unfit, Value, is_zero_date, parse
from campaigns.attributes.yes_no import yes_or_no
from campaigns.imports.settings import ColumnSettings, DayOrder, Meaning
from campaigns.models import AttributeKind
from campaigns.wording import first_of

K = AttributeKind

MOST_CHOICES = 12
"""Of a column that is taken for choices."""
MOST_CHOICES_CHOSEN = 100
"""Of a column that staff say has choices."""
LONGEST_CHOICE = 50  # characters
_PER_CHOICE = 5
"""Cells that each choice must stand in on average, so that a column is taken for choices."""
_REMEMBERED = 20_000
_NAMED = 3
"""Columns, in a note."""
_MARKS = {"x", "✓", "✔", "☑", "✅"}
_NUMBER = re.compile(r"[-−]?[\d.,'’ \u00a0\u202f]*\d", re.ASCII)
_LEADING_ZERO = re.compile(r"[-−]?0\d")
_TIME = r"(?:[T ].*)?"
_YEAR_FIRST = re.compile(
    rf"\d{{4}}(?:[-/.]\d{{1,2}}[-/.]\d{{1,2}}|年\d{{1,2}}月\d{{1,2}}日){_TIME}", re.ASCII
)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2\d{{4}}{_TIME}", re.ASCII)
_IDS = re.compile(
    r"(?:^|[\W_])(?:id|ids|uid|uuid|no|nr|num|number|nummer|code|zip|plz|postal|postcode|"
    r"postleitzahl|phone|tel|telefon|mobile|mobil|handy|fax|iban|bic|account|konto|sku|isbn|ean|"
    r"ssn|vat|ust)(?:$|[\W_])|编号|号码|电话|手机|邮编|账号|番号|電話|郵便"
)


def reader(column: ColumnSettings) -> Callable[[str], Value | None] | None:
    """Makes values of a column's cells; it raises Unfit. None for text, which stays as it is."""
    if column.kind == K.TEXT:
        return None
    reading = Reading(column.day_order is DayOrder.MONTH_FIRST, column.decimal)

    @lru_cache(maxsize=_REMEMBERED)
    def read(cell: str) -> Value | None:
        return parse(column.kind, cell, column.choices, reading)

    return read


def guessed(column: ColumnSettings, cells: list[str]) -> tuple[ColumnSettings, str]:
    """The column with the type that all of these cells have, else as text; and a note for staff,
    or ""."""
    filled = [cell for cell in (cell.strip() for cell in cells) if cell]
    if filled and all(map(is_zero_date, filled)):
        return replace(column, kind=K.DATE), ""
    filled = [cell for cell in filled if not is_zero_date(cell)]
    for guess in (_as_yes_no, _as_number, _as_date, _as_choice):
        if filled and (found := guess(column, filled)) and _all_fit(found, filled):
            return found, ""
    return replace(column, kind=K.TEXT), _why_text(column, filled)


def typed(
    columns: Sequence[ColumnSettings], cells: Sequence[list[str]]
) -> tuple[tuple[ColumnSettings, ...], list[str]]:
    """The columns with the types that their cells have, and notes for staff. What may be read in
    two ways is read as in the other columns of the file, if these tell."""
    found = [
        guessed(column, of_column) if column.meaning is Meaning.ATTRIBUTE else (column, "")
        for column, of_column in zip(columns, cells, strict=True)
    ]
    sure = [column for column, _ in found]
    orders = {each.day_order for each in sure if each.kind == K.DATE} - {DayOrder.NONE}
    marks = {
        column.decimal
        for column, of_column in zip(sure, cells, strict=True)
        if column.kind == K.NUMBER and any(mark in cell for cell in of_column for mark in ".,")
    }
    notes = []
    for n, (column, note) in enumerate(found):
        if note:
            sure[n] = _like_the_others(column, cells[n], orders, marks)
        if sure[n] is column and note:
            notes.append(note)
    return tuple(sure), notes + _note_of_times(sure, cells)


def _like_the_others(
    column: ColumnSettings, cells: list[str], orders: set[DayOrder], marks: set[str]
) -> ColumnSettings:
    filled = [cell.strip() for cell in cells if cell.strip()]
    read = column
    if _are_dates(filled) and len(orders) == 1:
        read = replace(column, kind=K.DATE, day_order=next(iter(orders)))
    elif _are_numbers(column, filled) and len(marks) == 1:
        read = replace(column, kind=K.NUMBER, decimal=next(iter(marks)))
    return read if _all_fit(read, filled) else column


def _note_of_times(columns: Sequence[ColumnSettings], cells: Sequence[list[str]]) -> list[str]:
    headings = [
        f"“{column.heading}”"
        for column, of_column in zip(columns, cells, strict=True)
        if column.meaning is Meaning.ATTRIBUTE
        and column.kind == K.DATE
        and any(":" in cell for cell in of_column)
    ]
    if not headings:
        return []
    return [
        gettext(
            "Of the dates in %(columns)s, the times of day are left out. Make a column "
            "a text to keep them."
        )
        % {"columns": first_of(headings, _NAMED)}
    ]


def _all_fit(column: ColumnSettings, cells: list[str]) -> bool:
    read = reader(column)
    try:
        return read is None or all(read(cell) is not None for cell in cells)
    except Unfit:
        return False


def _as_yes_no(column: ColumnSettings, cells: list[str]) -> ColumnSettings | None:
    words = {cell.casefold() for cell in cells}
    if len(words) > 8 or words <= {"0", "1"}:  # as well numbers
        return None
    try:
        answers = {yes_or_no(word) for word in words}
    except ValueError:
        return None
    is_clear = len(answers) == 2 or words <= _MARKS or all(len(word) > 2 for word in words)
    return replace(column, kind=K.YES_NO) if is_clear else None


def _as_number(column: ColumnSettings, cells: list[str]) -> ColumnSettings | None:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", column.heading).casefold()
    if _IDS.search(spaced) or not all(map(_NUMBER.fullmatch, cells)):
        return None
    if any(map(_LEADING_ZERO.match, cells)):
        return None
    fitting = [
        mark for mark in ".," if _all_fit(replace(column, kind=K.NUMBER, decimal=mark), cells)
    ]
    marked = any("." in cell or "," in cell for cell in cells)
    if not fitting or (marked and len(fitting) > 1):
        return None
    return replace(column, kind=K.NUMBER, decimal=fitting[0])


def _as_date(column: ColumnSettings, cells: list[str]) -> ColumnSettings | None:
    if all(map(_YEAR_FIRST.fullmatch, cells)):
        return replace(column, kind=K.DATE, day_order=DayOrder.NONE)
    order = _day_order(cells)
    return replace(column, kind=K.DATE, day_order=order) if order else None


def _day_order(cells: list[str]) -> DayOrder | None:
    """By evidence; None where there is none, or where it contradicts itself."""
    matches = [_YEAR_LAST.fullmatch(cell) for cell in cells]
    parts = [(int(m[1]), m[2], int(m[3])) for m in matches if m]
    if len(parts) < len(cells):
        return None
    day_first = any(first > 12 for first, _, _ in parts)
    month_first = any(second > 12 for _, _, second in parts)
    if day_first == month_first:
        dotted = not day_first and all(mark == "." for _, mark, _ in parts)
        return DayOrder.DAY_FIRST if dotted else None
    return DayOrder.DAY_FIRST if day_first else DayOrder.MONTH_FIRST


def _as_choice(column: ColumnSettings, cells: list[str]) -> ColumnSettings | None:
    by_word = {" ".join(cell.split()).casefold(): cell for cell in reversed(cells)}
    few = len(by_word) <= MOST_CHOICES and len(cells) >= _PER_CHOICE * len(by_word)
    if len(by_word) < 2 or not few or any(map(_is_no_choice, by_word)):
        return None
    return replace(column, kind=K.CHOICE, choices=tuple(sorted(by_word.values())))


def _is_no_choice(word: str) -> bool:
    return len(word) > LONGEST_CHOICE or any(character.isdigit() for character in word)


def _are_dates(cells: list[str]) -> bool:
    return bool(cells) and all(map(_YEAR_LAST.fullmatch, cells))


def _are_numbers(column: ColumnSettings, cells: list[str]) -> bool:
    marked = any("." in cell or "," in cell for cell in cells)
    return marked and all(
        _all_fit(replace(column, kind=K.NUMBER, decimal=mark), cells) for mark in ".,"
    )


def _why_text(column: ColumnSettings, cells: list[str]) -> str:
    if _are_dates(cells):
        return gettext(
            "“%(heading)s” has dates, and it is not clear whether the day or the month comes "
            "first. It is taken for text: make it a date and say which."
        ) % {"heading": column.heading}
    if _are_numbers(column, cells):
        return gettext(
            "“%(heading)s” has numbers, and it is not clear whether the mark in them is that "
            "of thousands or of decimals. It is taken for text: make it a number and say "
            "which."
        ) % {"heading": column.heading}
    return ""
