"""One row of a file as what it says of a person."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from addressing.addresses import AddressError, normalise
from campaigns.attributes.values import Unfit, Value, convert, show
from campaigns.files.composite_cells import (
    address_of,
    attributes_of,
    further_addresses,
    tags_of,
)
from campaigns.files.csv_reader import CsvRow
from campaigns.files.row_errors import RowError, quote_hint, refuse_unreadable, text_of
from campaigns.imports.reading.choices import Choices
from campaigns.imports.reading.consent import consent_of, is_recorded_only, time_of, tracking_of
from campaigns.imports.reading.types import reader
from campaigns.imports.settings import ColumnSettings, ImportSettings, Meaning
from campaigns.models import AttributeKind, MailConsent

MAX_NAME = 200  # characters, as Contact.name
MAX_TAG = 100  # characters, as Tag.name
MAX_ATTRIBUTE = 2_000  # characters
MAX_ATTRIBUTES = 50_000  # characters of all of a row
MAX_NAMES = 20_000  # characters of the names of the columns that a row fills
MAX_TAGS = 100  # of a row
M = Meaning
_REMEMBERED = 10_000
"""Cells of tags: most files repeat a few."""
_SHORT = {M.NAME, M.FIRST_NAME, M.LAST_NAME, M.TAGS}
_PARTS = re.compile(r"[,;|\t@]")
_BETWEEN = re.compile(r"[\s,;|/]+")
_LIKE_AN_ADDRESS = re.compile(r"[^@]+@[^@]+\.[^@]+")


@dataclass(slots=True)
class Row:
    """A valid row, and what further rows of its address add to it. `line` is that of the first.

    `consent` is a MailConsent or ""; `left_out` are cells that do not fit their type, with reasons.
    """

    line: int
    email: str
    name: str
    attributes: dict[str, Value]
    tags: tuple[str, ...]
    tracking: bool | None = None
    consent: str = ""
    consent_at: str = ""
    said_given: bool = False
    left_out: Sequence[tuple[str, str]] = ()

    def add(self, further: Row) -> None:
        """The first row of an address counts; all of them give it their tags, the first that has a
        consent says it, and a refusal in any holds."""
        if further.tags != self.tags:
            self.tags = tuple(dict.fromkeys(self.tags + further.tags))
        self.tracking = further.tracking if self.tracking is None else self.tracking
        self.said_given |= further.said_given
        if not self.consent or further.consent == MailConsent.REFUSED:
            self.consent, self.consent_at = further.consent, further.consent_at


class RowReader:
    """Reads rows by the settings of their columns."""

    def __init__(self, settings: ImportSettings) -> None:
        self._columns = settings.columns
        self._tags = tuple(dict.fromkeys(clean_tags(settings.tags)))
        self._all_agreed, self._agreed_at = settings.all_agreed, settings.agreed_at
        at: dict[Meaning, int] = {}
        for n, column in enumerate(settings.columns):
            at.setdefault(column.meaning, n)
        self.address_at = at[M.ADDRESS]
        self._name_at, self._tracking_at = at.get(M.NAME), at.get(M.TRACKING_CONSENT)
        self._first_name_at, self._last_name_at = at.get(M.FIRST_NAME), at.get(M.LAST_NAME)
        self._composite_at = at.get(M.ATTRIBUTES)
        self._known = {column.key: column for column in settings.known}
        self.consent_at, self._consent_time_at = at.get(M.CONSENT), at.get(M.CONSENT_AT)
        self._says_consent = settings.all_agreed or not {M.CONSENT, M.CONSENT_AT}.isdisjoint(at)
        self._tags_at = [n for n, c in enumerate(self._columns) if c.meaning is M.TAGS]
        self._remembered_tags: dict[str, tuple[str, ...]] = {}
        self._short_at = [
            (n, c.meaning.value) for n, c in enumerate(self._columns)
            if c.meaning in _SHORT
        ]  # fmt: skip
        self._attributes = [
            (n, _key(column), reader(column))
            for n, column in enumerate(self._columns)
            if column.meaning in (M.ATTRIBUTE, M.FIRST_NAME, M.LAST_NAME)
        ]
        names = sum(len(key) for _, key, _ in self._attributes)
        self._may_be_long = self._composite_at is not None or names > MAX_NAMES
        self.choices = {
            column.key: Choices(column.choices)
            for column in self._columns
            if column.meaning is M.ATTRIBUTE and column.kind == AttributeKind.CHOICE
        }

    def read(self, row: CsvRow) -> Row:
        """Raises RowError for the first error in the row."""
        cells, at = row.cells, self.address_at
        text = "".join(cells)
        is_plain = not row.problem and text.isprintable()
        if not is_plain:
            self._refuse_breaks(row)
        cell = cells[at].strip() if at < len(cells) else ""
        if not is_plain:
            refuse_unreadable(row, cell)
        address, beside = address_of(cell)
        try:
            email = normalise(address)
        except AddressError as error:
            raise RowError(text_of(row, cell), _explained(cell, error)) from error
        tracking = None
        if self._tracking_at is not None:
            tracking = tracking_of(address, _cell(cells, self._tracking_at))
        tags = self._own_tags(row, address) if self._tags_at else self._tags
        name = _cell(cells, self._name_at) or self._joined_name(cells).strip() or beside
        name = " ".join(name.split())
        if len(name) > MAX_NAME:
            raise RowError(
                address,
                gettext("The name is longer than %(most)s characters%(hint)s.")
                % {"most": MAX_NAME, "hint": quote_hint(row)},
            )
        left_out = [
            (each, gettext("The row came in without this address: a row is one contact."))
            for each in further_addresses(cell)
        ]
        is_long = self._may_be_long or len(text) > MAX_ATTRIBUTE
        take = self._attributes_of_long if is_long else self._attributes_of
        read = Row(row.line, email, name, take(row, address, left_out), tags, tracking)
        if self._says_consent:
            self._set_consent(read, cells, left_out)
        if left_out:
            read.left_out = left_out
        return read

    def judged(self, cells: list[str]) -> list[str]:
        """The cells that may say that the person must not be mailed: without a yes, no or time in
        the column of consent, as that is recorded."""
        at = self.consent_at
        if at is None or at >= len(cells) or not is_recorded_only(cells[at]):
            return cells
        return [*cells[:at], "", *cells[at + 1 :]]

    def _refuse_breaks(self, row: CsvRow) -> None:
        """Raises RowError when a name or tags continue on another line that looks like a row."""
        for at, what in self._short_at:
            if at < len(row.cells) and not row.cells[at].isprintable():
                later = row.cells[at].strip().splitlines()[1:]
                if any(_PARTS.search(line) for line in later):
                    raise RowError(
                        text_of(row),
                        gettext("The cell of the %(what)s goes on in another line%(hint)s.")
                        % {"what": what, "hint": quote_hint(row)},
                    )

    def _own_tags(self, row: CsvRow, address: str) -> tuple[str, ...]:
        cells = [row.cells[at] for at in self._tags_at if at < len(row.cells)]
        if len(cells) == 1 and (known := self._remembered_tags.get(cells[0])) is not None:
            return known
        own: list[str] = []
        for cell in cells:
            if cell := cell.strip():
                own += clean_tags(tags_of(cell))
        if len(own) > MAX_TAGS:
            raise RowError(
                address,
                gettext("The row has more than %(most)s tags%(hint)s.")
                % {"most": MAX_TAGS, "hint": quote_hint(row)},
            )
        tags = tuple(dict.fromkeys((*self._tags, *own)))
        if len(cells) == 1 and len(self._remembered_tags) < _REMEMBERED:
            self._remembered_tags[cells[0]] = tags
        return tags

    def _joined_name(self, cells: list[str]) -> str:
        return f"{_cell(cells, self._first_name_at)} {_cell(cells, self._last_name_at)}"

    def _attributes_of(
        self, row: CsvRow, address: str, left_out: list[tuple[str, str]]
    ) -> dict[str, Value]:
        """Of a row whose cells are so short together that none of the limits can be exceeded."""
        cells, width = row.cells, len(row.cells)
        attributes: dict[str, Value] = {}
        for at, key, read in self._attributes:
            if at < width and (cell := cells[at].strip()):
                value = cell if read is None else self._value(key, cell, read, left_out)
                if value is not None:
                    attributes[key] = value
        return attributes

    def _attributes_of_long(
        self, row: CsvRow, address: str, left_out: list[tuple[str, str]]
    ) -> dict[str, Value]:
        cells, attributes = row.cells, self._composite(row.cells, left_out)
        length = sum(len(str(value)) for value in attributes.values())
        names = sum(map(len, attributes))
        for at, key, read in self._attributes:
            cell = cells[at].strip() if at < len(cells) else ""
            if not cell:
                continue
            if len(cell) > MAX_ATTRIBUTE:
                problem = gettext("%(key)s is longer than %(most)s characters%(hint)s.")
                values = {"key": key, "most": f"{MAX_ATTRIBUTE:,}", "hint": quote_hint(row)}
                raise RowError(address, problem % values)
            length += len(cell)
            names += len(key)
            value = cell if read is None else self._value(key, cell, read, left_out)
            if value is not None:
                attributes[key] = value
        _refuse_long(address, attributes, length, names)
        return attributes

    def _composite(self, cells: list[str], left_out: list[tuple[str, str]]) -> dict[str, Value]:
        """The attributes of a cell of JSON; a column of its own counts more. A cell that is no
        object of JSON is an attribute itself."""
        if not (cell := _cell(cells, self._composite_at)):
            return {}
        found = attributes_of(cell)
        given = {"attributes": cell} if found is None else found
        read = {key: self._as_known(key, value, left_out) for key, value in given.items()}
        return {key: value for key, value in read.items() if value is not None}

    def _as_known(self, key: str, value: Value, left_out: list[tuple[str, str]]) -> Value | None:
        """A value of JSON, as one of the type that the owner has given to its attribute."""
        known = self._known.get(key)
        try:
            return convert(known.kind, value, known.choices) if known else value
        except Unfit as error:
            left_out.append(
                (
                    show(value),
                    gettext("The row came in without %(key)s: %(error)s")
                    % {"key": key, "error": error},
                )
            )
            return None

    def _value(
        self,
        key: str,
        cell: str,
        read: Callable[[str], Value | None],
        left_out: list[tuple[str, str]],
    ) -> Value | None:
        try:
            if key in self.choices:
                return self.choices[key].choose(cell)
            return read(cell)
        except Unfit as error:
            left_out.append(
                (
                    cell,
                    gettext("The row came in without %(key)s: %(error)s")
                    % {"key": key, "error": error},
                )
            )
            return None

    def _set_consent(self, row: Row, cells: list[str], left_out: list[tuple[str, str]]) -> None:
        at = _cell(cells, self._consent_time_at)
        time = time_of(at) if at else ""
        said = self._consent(cells, left_out)
        if said is None and (time and self.consent_at is None or self._all_agreed):
            said = MailConsent.GIVEN
            time = time or self._agreed_at
        if at and not time_of(at):
            left_out.append(
                (
                    at,
                    gettext("The row came in without this time: “%(value)s” is none.")
                    % {"value": at[:50]},
                )
            )
        if said is not None:
            row.consent, row.consent_at = said, time
            row.said_given = said == MailConsent.GIVEN

    def _consent(self, cells: list[str], left_out: list[tuple[str, str]]) -> str | None:
        cell = _cell(cells, self.consent_at)
        if not cell:
            return None
        agreed = consent_of(cell)
        if agreed is None:
            left_out.append(
                (
                    cell,
                    gettext(
                        "The row came in without the consent “%(value)s”: it is neither yes nor no."
                    )
                    % {"value": cell[:50]},
                )
            )
            return None
        return MailConsent.GIVEN if agreed else MailConsent.REFUSED


def _cell(cells: list[str], at: int | None) -> str:
    return cells[at].strip() if at is not None and at < len(cells) else ""


def _refuse_long(address: str, attributes: dict[str, Value], length: int, names: int) -> None:
    """Raises RowError. `length` and `names` count characters of all values and of their names."""
    if length > MAX_ATTRIBUTE and any(
        len(str(value)) > MAX_ATTRIBUTE for value in attributes.values()
    ):
        problem, most = gettext("A value is longer than %(most)s characters."), MAX_ATTRIBUTE
    elif length > MAX_ATTRIBUTES:
        problem = gettext("The values are longer than %(most)s characters together.")
        most = MAX_ATTRIBUTES
    elif names > MAX_NAMES:
        problem = gettext(
            "The names of their columns are longer than %(most)s characters together."
        )
        most = MAX_NAMES
    else:
        return
    raise RowError(address, problem % {"most": f"{most:,}"})


def _explained(cell: str, error: AddressError) -> str:
    several = [each for each in _BETWEEN.split(cell) if each]
    if len(several) > 1 and all(map(_LIKE_AN_ADDRESS.fullmatch, several)):
        return gettext("The cell has %(count)s addresses: give each a row.") % {
            "count": len(several)
        }
    return str(error)


def _key(column: ColumnSettings) -> str:
    return column.key if column.meaning is M.ATTRIBUTE else column.meaning.value


def clean_tags(names: Iterable[str]) -> list[str]:
    """Raises RowError for one that is too long."""
    tags = [" ".join(name.strip(' "').split()) for name in names]
    for tag in tags:
        if len(tag) > MAX_TAG:
            raise RowError(
                tag, gettext("A tag is longer than %(most)s characters.") % {"most": MAX_TAG}
            )
    return [tag for tag in tags if tag]
