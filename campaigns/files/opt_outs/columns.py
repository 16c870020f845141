"""Read the columns of another tool's export that say whether a person may be mailed."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from enum import Enum, auto
from functools import lru_cache
from typing import Any, NamedTuple

from django.utils.translation import gettext, ngettext

from admin_kit.words.listing import headed
from campaigns import wording
from campaigns.attributes.yes_no import yes_or_no
from campaigns.files.contact_columns import folded, known_column
from campaigns.files.opt_outs import mailing_words as words
from campaigns.files.opt_outs.certain_words import (
    LONGEST_ANYWHERE,
    all_known,
    certain_heading,
    certain_value,
    is_said_anywhere,
    reason_anywhere,
    says_when_or_why,
)
from campaigns.models.contacts import SuppressionReason

_R = SuppressionReason
_LISTED = 20
_SHOWN = 60  # characters of a value
_HEADING = 100  # characters
_TAGS = re.compile(":::|[,;，；、|]")
_REMEMBERED = 10_000
"""The most cell texts whose meaning is cached: most files repeat a few."""
_UNIQUE = re.compile("[0-9@]")
"""What no opt-out word has, and most cells have that are not repeated."""


class Kind(Enum):
    """What a column's cells are: a status in words; a flag, date or reason against mailing; or a
    permission, yes or no. An unclear one has words of these among others: it stays an attribute.
    """

    STATUS = auto()
    AGAINST = auto()
    PERMISSION = auto()
    UNCLEAR = auto()


class Column(NamedTuple):
    position: int
    heading: str
    kind: Kind
    reason: SuppressionReason | None
    is_strict: bool
    """Whether an unknown value keeps the person out: its heading is about mailing."""


class KeptOut(NamedTuple):
    """Why a person is suppressed, or kept out (no reason); `told` is the text in the file."""

    told: str
    reason: SuppressionReason | None

    def explain(self, may_suppress: bool = True) -> str:
        """`may_suppress` says whether who imports may add to the suppression list."""
        became = gettext("kept out")
        if self.reason and may_suppress:
            became = gettext("suppressed as “%(reason)s”") % {"reason": self.reason.label}
        elif self.reason:
            became = gettext("kept out, as you may not add to the suppression list")
        return gettext("%(line)s.") % {"line": headed(self.quoted, became)}

    @property
    def quoted(self) -> str:
        shown = self.told if len(self.told) <= 2 * _SHOWN else f"{self.told[: 2 * _SHOWN - 1]}…"
        return gettext("The file says “%(value)s”") % {"value": shown}


def columns_of(header: list[str]) -> list[Column]:
    """The columns that say who must not be mailed."""
    found = (_column(position, heading) for position, heading in enumerate(header))
    return [column for column in found if column]


def is_other_channel(heading: str) -> bool:
    """Whether the column is about text messages, calls and the like only."""
    name = folded(heading)
    return words.OTHER_CHANNEL.search(name) is not None and "mail" not in name


def _column(position: int, heading: str) -> Column | None:
    name, shown = folded(heading), heading.strip()[:_HEADING]
    if known_column(heading) or is_other_channel(heading):
        return None
    reason, is_clear = words.negative(name), all_known(heading)
    if words.STATUS.search(name):
        kind = Kind.STATUS if is_clear else Kind.UNCLEAR
        return Column(position, shown, kind, None, is_clear)
    if words.ANY_STATUS.search(name):
        return Column(position, shown, Kind.STATUS, None, False)
    if words.PERMISSION.search(name):
        return Column(position, shown, Kind.PERMISSION, None, False)
    if words.OUT.search(name):
        return Column(position, shown, Kind.AGAINST, None, False)
    if reason is None or words.NO_VERDICT.search(name):
        return None
    kind = Kind.AGAINST if is_clear else Kind.UNCLEAR
    return Column(position, shown, kind, reason if certain_heading(heading) else None, False)


class CellMeaning(NamedTuple):
    """The meaning of one cell; `is_known` is false where a person should check it."""

    kept_out: KeptOut | None
    is_known: bool = True


class Judge:
    """Reads the columns of each row, and counts the values that it does not know."""

    def __init__(self, header: list[str]) -> None:
        self._header = header
        found = columns_of(header)
        self._columns = [column for column in found if column.kind is not Kind.UNCLEAR]
        self._unclear = [column for column in found if column.kind is Kind.UNCLEAR]
        self._tags = {n for n, heading in enumerate(header) if known_column(heading) == "tags"}
        self._anything = set(range(len(header))) - {column.position for column in self._columns}
        self._anything -= {n for n, heading in enumerate(header) if is_other_channel(heading)}
        self._unknown: Counter[tuple[str, str]] = Counter()
        self._others = 0
        self._harmless = {""}
        """Cells that are no opt-out word, and those that have none as a list of tags."""
        self._harmless_tags = {""}
        self._harmless_at = [
            self._harmless_tags if n in self._tags else self._harmless for n in range(len(header))
        ]

    def state(self) -> dict[str, Any]:
        """What was counted, as JSON; for `resume`."""
        return {"unknown": [[*key, n] for key, n in self._unknown.items()], "others": self._others}

    def resume(self, state: dict[str, Any]) -> None:
        """Go on counting where a Judge of the same header was."""
        self._others = state["others"]
        self._unknown = Counter({(heading, value): n for heading, value, n in state["unknown"]})

    def kept_out(self, cells: list[str]) -> KeptOut | None:
        """The most severe opt-out of the row; None when the person may be mailed."""
        if not self._columns and self._is_harmless(cells):
            return None
        found = [each for each in self._all_kept_out(cells) if each]
        suppressed = [each for each in found if each.reason]
        worse = [each for each in suppressed if each.reason != _R.UNSUBSCRIBED]
        return next(iter([*worse, *suppressed, *found]), None)

    def notes(self) -> Iterator[str]:
        """Findings that staff should check."""
        for column in self._unclear[:_LISTED]:
            yield (
                gettext(
                    "“%(heading)s” is not clearly about mailing: it is imported as an "
                    "attribute, and "
                    "keeps no one out. Check that it does not say whom not to mail."
                )
                % {"heading": column.heading}
            )
        for (heading, value), rows in self._unknown.most_common(_LISTED):
            yield (
                gettext(
                    "“%(heading)s” says “%(value)s” in %(rows)s, and what that means is not known: "
                    "look below whether these were kept out, and check whether they may be mailed."
                )
                % {"heading": heading, "value": value, "rows": wording.rows(rows)}
            )
        others = self._others + sum(n for _, n in self._unknown.most_common()[_LISTED:])
        if others:
            text = ngettext(
                "%(count)s more row has another value that is not known here.",
                "%(count)s more rows have other values that are not known here.",
                others,
            )
            yield wording.filled(text, others)

    def _is_harmless(self, cells: list[str]) -> bool:
        """Whether that is known at a glance: a fast path for most rows."""
        for cell, known in zip(cells, self._harmless_at, strict=False):
            if cell not in known and (known is self._harmless_tags or not _UNIQUE.search(cell)):
                return False
        return len(cells) <= len(self._harmless_at)

    def _all_kept_out(self, cells: list[str]) -> Iterator[KeptOut | None]:
        for column in self._columns:
            if column.position < len(cells) and (cell := cells[column.position].strip()):
                look = _remembered if len(cell) <= _SHOWN else _meaning
                meaning = look(column, cell)
                if not meaning.is_known:
                    self._count(column.heading, " ".join(cell.split()))
                yield meaning.kept_out
        for position, cell in enumerate(cells):
            if position in self._tags:
                if cell not in self._harmless_tags:
                    yield from self._among_tags(position, cell)
            elif cell in self._harmless or len(cell) > LONGEST_ANYWHERE or _UNIQUE.search(cell):
                continue
            elif position in self._anything or position >= len(self._header):
                yield self._anywhere(position, cell)

    def _among_tags(self, position: int, cell: str) -> Iterator[KeptOut]:
        said = [self._anywhere(position, tag) for tag in _TAGS.split(cell)]
        if not any(said) and len(self._harmless_tags) < _REMEMBERED:
            self._harmless_tags.add(cell)
        yield from filter(None, said)

    def _anywhere(self, position: int, cell: str) -> KeptOut | None:
        """A cell that is exactly an opt-out word counts in any column."""
        if len(cell) > LONGEST_ANYWHERE or cell in self._harmless:
            return None
        if not is_said_anywhere(cell):
            if len(self._harmless) < _REMEMBERED and not _UNIQUE.search(cell):
                self._harmless.add(cell)
            return None
        heading = self._header[position].strip() if position < len(self._header) else ""
        shown = heading[:_HEADING] or gettext("column %(number)s") % {"number": position + 1}
        return KeptOut(f"{shown}: {' '.join(cell.split())}", reason_anywhere(cell))

    def _count(self, heading: str, value: str) -> None:
        key = (heading[:_SHOWN], value[:_SHOWN])
        if key in self._unknown or len(self._unknown) < 10 * _LISTED:
            self._unknown[key] += 1
        else:
            self._others += 1


def _meaning(column: Column, cell: str) -> CellMeaning:
    told = f"{column.heading}: {' '.join(cell.split())}"
    word, answer = folded(cell), _answer(cell)
    if _says_nothing(cell, word) or (words.ZERO.fullmatch(word) and column.kind is Kind.AGAINST):
        return CellMeaning(None)
    if column.kind is Kind.AGAINST:
        return _against(column, told, word, cell)
    if column.kind is Kind.PERMISSION and answer is not None:
        return CellMeaning(None if answer else KeptOut(told, None))
    return _of_status(column, told, word, cell)


_remembered = lru_cache(maxsize=_REMEMBERED)(_meaning)


def _says_nothing(cell: str, word: str) -> bool:
    """Whether the cell is empty of meaning. A mark such as ✓ or ✗ has one, without letters."""
    if word or not any(unicodedata.category(sign) == "So" for sign in cell):
        return word in words.NOTHING and _answer(cell) is None
    return False


def _of_status(column: Column, told: str, word: str, cell: str) -> CellMeaning:
    kept_out = KeptOut(told, None)
    if words.SOFT.search(word):
        return CellMeaning(kept_out)
    if reason := words.negative(word):
        if certain_value(cell, column.heading):
            return CellMeaning(KeptOut(told, reason))
        return CellMeaning(kept_out, is_known=all_known(cell))
    if words.STAYS_OUT.search(word):
        return CellMeaning(kept_out)
    if word in words.MAILABLE or _is_date(cell) or folded(column.heading) in words.PLACES:
        return CellMeaning(None)
    answer = _answer(cell)
    if answer is not None and column.is_strict:
        return CellMeaning(None if answer else kept_out)
    if answer is not None and folded(column.heading) in words.ONLY_STATUS:
        return CellMeaning(None) if answer else CellMeaning(kept_out, is_known=False)
    return CellMeaning(kept_out if column.is_strict or not word else None, is_known=False)


def _against(column: Column, told: str, word: str, cell: str) -> CellMeaning:
    """A flag, a date or words in a column such as Unsubscribed. All but “no” keep out; what is not
    known in this sense, such as a number or a name, suppresses no one.
    """
    answer = _answer(cell)
    if answer is False or word in words.MAILABLE:
        return CellMeaning(None)
    if words.SOFT.search(word) or (column.reason is None and answer):
        return CellMeaning(KeptOut(told, None))
    if column.reason is None and is_said_anywhere(cell):
        return CellMeaning(KeptOut(told, reason_anywhere(cell)))
    reason = words.negative(word) if certain_value(cell, column.heading) else None
    means_yes = answer or _is_date(cell) or says_when_or_why(column.heading)
    if column.reason and (means_yes or reason):
        own = reason if column.reason is _R.MANUAL else None
        return CellMeaning(KeptOut(told, own or column.reason))
    return CellMeaning(KeptOut(told, None), is_known=means_yes)


def _answer(cell: str) -> bool | None:
    try:
        return yes_or_no(cell)
    except ValueError:
        return None


def _is_date(cell: str) -> bool:
    return words.DATE.match(cell) is not None
