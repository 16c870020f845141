"""What became of the rows of an import, or would: its numbers, and sentences about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from addressing.addresses import as_written
from admin_kit.base import Visitor
from admin_kit.words.listing import headed
from admin_kit.words.stored_texts import shown as as_read
from campaigns import wording
from campaigns.admin.imports.import_work import is_check
from campaigns.admin.operations.work import file_url, kept_files, may_download
from campaigns.models import Operation
from campaigns.models.operation import ENDED_STATES

SHOWN = 20
"""Rows of each table of problems; files have all of them."""
NAMED = 3
"""Lines of one row of a table."""
FIGURES = {
    "created": _("Created"),
    "updated": _("Updated"),
    "unchanged": _("Unchanged"),
    "skipped": _("Skipped"),
    "duplicates": _("Duplicates in the file"),
    "rejected": _("Rejected"),
    "suppressed": _("Suppressed"),
    "kept_out": _("Kept out"),
}
ALWAYS = ("created", "updated", "unchanged", "duplicates", "rejected")
MET = {
    "unsubscribed": _("unsubscribed before: still not mailed"),
    "suppressed": _("suppressed for other reasons, or by their domain: still not mailed"),
    "erased": _("erased at their wish: rejected, nothing of them is stored"),
    "refused": _("refused to be mailed before: still recorded so, against what the file says"),
}
TABLES = {
    "rejected": _("The first rejected rows"),
    "suppressed": _("Suppressed, because the file says so"),
    "still_mailed": _("Kept out or rejected, but contacts already and still mailed"),
    "kept_out": _("Kept out, because the file does not say that they may be mailed"),
    "ignored": _("Cells that were left out, of rows that came in"),
}

FILES = {"kept_out": "rejected"}
"""The roles of files that are not named as the list."""


class Figure(NamedTuple):
    label: str
    number: int
    url: str


class ProblemTable(NamedTuple):
    """`shown` problems of `total`; `url` is of the file that has all, "" before the work ends."""

    heading: str
    table: dict[str, Any]
    shown: int
    total: int
    url: str


@dataclass(frozen=True, slots=True)
class Report:
    """`lists` are headings with sentences."""

    figures: list[Figure]
    lists: list[tuple[str, list[str]]]
    tables: list[ProblemTable]


def report_of(operation: Operation, user: Visitor) -> Report:
    """Empty before the first piece."""
    result = operation.result
    if not result:
        return Report([], [], [])
    has_files = operation.state in ENDED_STATES and may_download(operation, user)
    urls = {each.role: file_url(each) for each in kept_files(operation)} if has_files else {}
    figures, lists = _figures(operation, result), _lists(result)
    return Report(list(figures), list(lists), list(_tables(result, urls)))


def contacts_url(operation: Operation) -> str:
    """The contacts that an import made."""
    query = urlencode({"imported_by": operation.pk})
    return f"{reverse('admin:campaigns_contact_changelist')}?{query}"


def _figures(operation: Operation, result: dict[str, Any]) -> Iterator[Figure]:
    for name, label in FIGURES.items():
        if name in ALWAYS or result.get(name):
            is_linked = name == "created" and not is_check(operation)
            yield Figure(
                str(label), result.get(name, 0), contacts_url(operation) if is_linked else ""
            )


def _lists(result: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    met = result.get("met", {})
    told = [f"{met[key]:,} {words}" for key, words in MET.items() if met.get(key)]
    if told:
        yield gettext("People in the file whom no import brings back"), told
    if reasons := result.get("reasons"):
        most_first = sorted(reasons.items(), key=lambda each: -each[1])
        lines = [headed(wording.rows(rows), as_read(reason)) for reason, rows in most_first]
        yield gettext("Why rows are rejected"), lines
    if notes := result.get("notes"):
        yield gettext("To look at"), [as_read(note) for note in notes]


def _tables(result: dict[str, Any], urls: Mapping[str, str]) -> Iterator[ProblemTable]:
    for name, heading in TABLES.items():
        if rows := result.get("listed", {}).get(name):
            alike = _alike(rows)[:SHOWN]
            shown = sum(len(lines) for lines, _value, _reason in alike)
            total, url = result.get(name, len(rows)), urls.get(FILES.get(name, name), "")
            yield ProblemTable(str(heading), _table(alike), shown, total, url)


Alike = tuple[list[int], str, str]


def _alike(rows: list[list[Any]]) -> list[Alike]:
    """What is wrong with a value is said once, with all lines that have it."""
    lines: dict[tuple[str, str], list[int]] = {}
    for line, value, reason in rows:
        lines.setdefault((value, reason), []).append(line)
    return [(found, value, reason) for (value, reason), found in lines.items()]


def _named(lines: list[int]) -> str:
    """Such as “2, 3, 4 and 117 more”."""
    named = wording.listed(lines[:NAMED])
    more = len(lines) - NAMED
    if more <= 0:
        return named
    return gettext("%(lines)s and %(number)s more") % {"lines": named, "number": f"{more:,}"}


def _table(rows: list[Alike]) -> dict[str, Any]:
    """For unfold's component."""
    cells = [[_named(lines), as_written(value), as_read(reason)] for lines, value, reason in rows]
    return {
        "headers": [gettext("Line of the file"), gettext("Value"), gettext("Reason")],
        "rows": cells,
    }
