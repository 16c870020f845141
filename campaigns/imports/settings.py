"""How a file of contacts is read and what becomes of its rows. Chosen in the wizard, kept as the
JSON of `Operation.params`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.files.contact_columns import is_reserved
from campaigns.models import AttributeKind

MAX_AGREED_BY = 200  # characters, as Contact.mail_consent_source


class Meaning(StrEnum):
    """What a column holds. First and last name are attributes, too; they make the name where no
    column has the whole of it. A status is heeded and not stored. What any column says of people
    who must not be mailed is heeded in each of these meanings.
    """

    ADDRESS = "address"
    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    TAGS = "tags"
    CONSENT = "consent"
    CONSENT_AT = "consent_at"
    TRACKING_CONSENT = "tracking_consent"
    STATUS = "status"
    ATTRIBUTES = "attributes"
    ATTRIBUTE = "attribute"
    IGNORED = "ignored"


MEANING_LABELS = {
    Meaning.ADDRESS: _("Email address"),
    Meaning.NAME: _("Name"),
    Meaning.FIRST_NAME: _("First name"),
    Meaning.LAST_NAME: _("Last name"),
    Meaning.TAGS: _("Tags"),
    Meaning.CONSENT: _("Agrees to be mailed"),
    Meaning.CONSENT_AT: _("When they agreed to be mailed"),
    Meaning.TRACKING_CONSENT: _("Agrees to open tracking"),
    Meaning.STATUS: _("Says whether they may be mailed"),
    Meaning.ATTRIBUTES: _("Attributes as JSON"),
    Meaning.ATTRIBUTE: _("Attribute"),
    Meaning.IGNORED: _("Leave out"),
}

ONCE = frozenset({Meaning.ADDRESS, Meaning.NAME, Meaning.FIRST_NAME, Meaning.LAST_NAME,
                  Meaning.CONSENT, Meaning.CONSENT_AT, Meaning.TRACKING_CONSENT})  # fmt: skip
"""Meanings that one column of a file can have."""


class Existing(StrEnum):
    """What becomes of contacts that exist already. In every case the suppressions and refusals that
    the file tells of them hold."""

    UPDATE = "update"
    FILL = "fill"
    SKIP = "skip"


EXISTING_LABELS = {
    Existing.UPDATE: _("Update: the file's values replace theirs, what it leaves empty stays"),
    Existing.FILL: _("Fill blanks: only what they do not have is taken from the file"),
    Existing.SKIP: _("Skip: they stay as they are, and get no tags"),
}


class DayOrder(StrEnum):
    """How dates like 03/04/2026 are written; years first need none."""

    NONE = ""
    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


@dataclass(frozen=True, slots=True)
class ColumnSettings:
    """One column of a file. `key` and `kind` are those of an attribute; `day_order` is for dates,
    `decimal` the decimal mark of numbers. A cell that does not fit its kind is left out and
    reported; the rest of its row comes in.
    """

    heading: str
    meaning: Meaning = Meaning.ATTRIBUTE
    key: str = ""
    kind: str = AttributeKind.TEXT
    day_order: DayOrder = DayOrder.NONE
    decimal: str = "."
    choices: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(
            heading=data["heading"],
            meaning=Meaning(data["meaning"]),
            key=data.get("key", ""),
            kind=AttributeKind(data.get("kind", AttributeKind.TEXT)),
            day_order=DayOrder(data.get("day_order", "")),
            decimal=data.get("decimal", "."),
            choices=tuple(data.get("choices", ())),
        )


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """`encoding` and `delimiter` are of text files (`format` "csv"), `sheet` of workbooks ("xlsx").
    `header_line` is the line or row of the headings, from 1; 0 where the file has none; None to be
    guessed.

    `all_agreed` records that everyone in the file agreed to be mailed, at `agreed_at` (ISO 8601;
    empty for the time of the import), by `agreed_by`; a column of consent overrides it.
    `dry_run` counts and writes nothing. `known` are the attributes of the owner that no column is,
    with their types, for what cells of JSON have.
    """

    columns: tuple[ColumnSettings, ...] = ()
    format: str = "csv"
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header_line: int | None = None
    existing: Existing = Existing.UPDATE
    tags: tuple[str, ...] = ()
    all_agreed: bool = False
    agreed_at: str = ""
    agreed_by: str = ""
    may_suppress: bool = False
    dry_run: bool = False
    known: tuple[ColumnSettings, ...] = ()

    def to_params(self) -> dict[str, Any]:
        """For `Operation.params`. `known` is looked up anew."""
        return asdict(replace(self, known=()))

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> Self:
        """Keys of `params` that are no settings are left alone."""
        known = {name: params[name] for name in cls.__dataclass_fields__ if name in params}
        for name in ("columns", "known"):
            known[name] = tuple(map(ColumnSettings.from_json, known.get(name, ())))
        known["existing"] = Existing(known.get("existing", Existing.UPDATE))
        known["tags"] = tuple(known.get("tags", ()))
        return cls(**known)

    @property
    def address_at(self) -> int:
        """The place of the column with the addresses, which there must be."""
        return next(n for n, each in enumerate(self.columns) if each.meaning is Meaning.ADDRESS)

    def with_columns(self, columns: Iterable[ColumnSettings]) -> Self:
        return replace(self, columns=tuple(columns))

    def problems(self) -> list[str]:
        """What keeps these settings from being used, as sentences for staff."""
        told = []
        used = [column.meaning for column in self.columns]
        if used.count(Meaning.ADDRESS) == 0:
            told.append(gettext("Choose the column that has the email addresses."))
        told += [
            gettext("Only one column can be “%(meaning)s”.") % {"meaning": MEANING_LABELS[meaning]}
            for meaning in sorted(ONCE)
            if used.count(meaning) > 1
        ]
        keys = [column.key for column in self.columns if column.meaning is Meaning.ATTRIBUTE]
        for column in self.columns:
            if column.meaning is Meaning.ATTRIBUTE and not column.key:
                told.append(
                    gettext("Give the attribute of column “%(heading)s” a name.")
                    % {"heading": column.heading}
                )
        told += [
            gettext(
                "No attribute can be called “%(key)s”: templates have something else by this name."
            )
            % {"key": key}
            for key in sorted(filter(is_reserved, keys))
        ]
        told += [
            gettext("Two columns are the attribute “%(key)s”: give one another name.")
            % {"key": key}
            for key in sorted({key for key in keys if key and keys.count(key) > 1})
        ]
        if self.all_agreed and not self.agreed_by.strip():
            told.append(gettext("Say where the people in the file agreed to be mailed."))
        return told


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a file is understood to be: `settings` are the guesses, any of which can be changed.

    `sample` are the first rows as they will come in: for each the cells in the order of the
    columns, and what is wrong with the row ("" for nothing). `existing_kinds` are the attributes
    whose type the owner has decided already: these win over the guess. `rows` is about how many
    there are. `notes` are for staff; `problem` says why the file cannot be imported as it is.
    """

    settings: ImportSettings
    sheets: tuple[str, ...] = ()
    sample: tuple[SampleRow, ...] = ()
    rows: int = 0
    notes: tuple[str, ...] = ()
    problem: str = ""
    existing_kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleRow:
    """`problems` are those of its cells, by the place of the column: these stand as in the file."""

    line: int
    cells: tuple[str, ...]
    problem: str = ""
    problems: tuple[tuple[int, str], ...] = ()
