"""Turn an export into headings, facts and rows. All that an export has is on the page."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from admin_kit.words.listing import headed, listed
from dispatch import seed_lists
from privacy.readable.values import VALUES
from privacy.readable.words import LABELS, SECTIONS, WITHIN

HEADINGS = {
    "sign-ups": "form",
    "suppressions": "of",
    "messages": "subject",
    "left_out": "task",
    "changed_before_launch": "task",
    "engagement": "what",
    seed_lists.PLURAL: "seed_list",
    "handed_over": "outcome",
    "decisions": "choice",
    "events": "kind",
    "history": "done",
}
"""The value by which a row of a list is known."""
MOMENTS = ("occurred_at", "received_at", "started_at", "finished_at", "decided_at", "last_at", "at")
"""The first of these that a row has says when it was."""
FIRST = ("task", "sender", "status", "failure_reason", "sent_at")
"""What people look for before the rest."""
ONLY_IF_SO = {"waits_for_test", "attempts"}
SAME_WORDS = {"other_events": "events"}
ELSEWHERE = {"answers.topics"}
"""Keys, whose names stand beside them."""
SEEN_WHEN_OPENED = {"raw"}


@dataclass(frozen=True, slots=True)
class Fact:
    """`folded` is what only few want to read."""

    label: str
    value: str
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    heading: str
    moment: str
    facts: list[Fact]
    within: list[Section]


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    title: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Document:
    address: str
    made_at: str
    zone: str
    sections: list[Section]
    empty: list[str]
    """Titles of what nothing is kept of."""


def document(collected: Mapping[str, Any]) -> Document:
    """In the active language and time zone."""
    lists = {key: value for key, value in collected.items() if isinstance(value, list)}
    known = [key for key in SECTIONS if key in lists]
    order = known + [key for key in lists if key not in SECTIONS]
    sections = [Section(key, str(SECTIONS.get(key, key)), _rows(key, lists[key])) for key in order]
    return Document(
        address=collected["address"],
        made_at=_moment(collected["exported_at"]),
        zone=timezone.get_current_timezone_name(),
        sections=[each for each in sections if each.rows],
        empty=[each.title for each in sections if not each.rows],
    )


def _rows(key: str, values: Iterable[Mapping[str, Any]]) -> list[Row]:
    return [_row(SAME_WORDS.get(key, key), row) for row in values]


def _row(key: str, row: Mapping[str, Any]) -> Row:
    heading = HEADINGS.get(key, "")
    moment = next((name for name in MOMENTS if row.get(name)), "")
    within = [name for name in row if name in WITHIN]
    left = {name: value for name, value in row.items() if name not in {heading, moment, *within}}
    return Row(
        heading=_shown(key, heading, row[heading]) if row.get(heading) else "",
        moment=_moment(row[moment]) if moment else "",
        facts=list(_facts(key, left)),
        within=[
            Section(name, str(WITHIN[name]), _rows(name, row[name])) for name in within if row[name]
        ],
    )


def _facts(key: str, row: Mapping[str, Any]) -> Iterator[Fact]:
    """Empty values are left out."""
    for name in [*filter(row.__contains__, FIRST), *(each for each in row if each not in FIRST)]:
        value = row[name]
        if f"{key}.{name}" in ELSEWHERE or value in (None, "", [], {}):
            continue
        if name in ONLY_IF_SO and not value:
            continue
        label = str(LABELS.get(f"{key}.{name}", LABELS.get(name, name)))
        yield Fact(label, _shown(key, name, value), folded=name in SEEN_WHEN_OPENED)


def _shown(key: str, name: str, value: Any) -> str:
    words = VALUES.get(f"{key}.{name}", {})
    if isinstance(value, str) and value in words:
        return str(words[value])
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, dt.datetime):
        return _moment(value)
    if isinstance(value, list) and not any(isinstance(each, (dict, list)) for each in value):
        return listed(value)
    if name in SEEN_WHEN_OPENED or isinstance(value, list):
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    if isinstance(value, dict):
        return "\n".join(headed(each.label, each.value) for each in _own(name, value))
    return str(value)


def _own(key: str, values: Mapping[str, Any]) -> Iterator[Fact]:
    """What staff or the person named is called as they named it."""
    named = {name: value for name, value in values.items() if f"{key}.{name}" in LABELS}
    yield from _facts(key, named)
    for name, value in values.items():
        if name not in named and f"{key}.{name}" not in ELSEWHERE:
            # Without its name, which may by chance be one of ours.
            yield Fact(name, _shown(key, "", value))


def _moment(value: dt.datetime) -> str:
    return date_format(timezone.localtime(value), "DATETIME_FORMAT")
