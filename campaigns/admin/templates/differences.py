"""What differs between two texts, line by line, for people to read."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import template_versions
from campaigns.models import Sender
from sandbox import Failed, LimitReached, Limits, bounded

COMPARING = Limits(cpu_seconds=2, memory_megabytes=256)
AROUND = 3
"""The lines shown around what differs."""
MOST_LINES = 2_000
LONGEST = 2_000
"""The most characters shown of one line."""
LABELS = {"html": "HTML", "mjml": "MJML", "text": _("Plain text")}
TOO_LARGE = _("These texts are too large to be compared.")


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one field. Each line is "gone", "new", "same" or a "gap" between them, and its text."""

    label: str
    lines: list[tuple[str, str]]
    problem: str = ""


def between(
    old: dict[str, Any], new: dict[str, Any], senders: QuerySet[Sender]
) -> list[Difference]:
    """Of two snapshots, by field. `senders` are those that may be named: a template that was handed
    on was sent by others before."""
    return [
        _of(name, old_text, new_text)
        for name in template_versions.FIELDS
        if (old_text := _text(name, old, senders)) != (new_text := _text(name, new, senders))
    ]


def label_of(name: str) -> str:
    return str(LABELS.get(name, "")) or name.replace("_", " ").capitalize()


def _of(name: str, old: str, new: str) -> Difference:
    try:
        lines = [(str(kind), str(text)) for kind, text in lines_between(old, new)]
    except (LimitReached, Failed):
        return Difference(label_of(name), [], str(TOO_LARGE))
    return Difference(label_of(name), lines)


def _text(name: str, snapshot: dict[str, Any], senders: QuerySet[Sender]) -> str:
    value = snapshot.get(name)
    if value is None:
        return ""
    if name == "sender":
        found = senders.filter(pk=value).first()
        return str(found) if found else gettext("a sender that is deleted, or of another owner")
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    return json.dumps(value, ensure_ascii=False, indent=2)


@bounded(COMPARING)
def lines_between(old: str, new: str) -> list[list[str]]:
    """Kinds and texts, MOST_LINES at most."""
    found = list(_lines(old, new))
    if len(found) > MOST_LINES:
        found[MOST_LINES:] = [
            [
                "gap",
                gettext("%(count)s more lines are not shown")
                % {"count": f"{len(found) - MOST_LINES:,}"},
            ]
        ]
    return found


def _lines(old: str, new: str) -> Iterator[list[str]]:
    kinds = {"-": "gone", "+": "new", " ": "same"}
    lines = difflib.unified_diff(old.split("\n"), new.split("\n"), n=AROUND, lineterm="")
    for number, line in enumerate(lines):
        if line.startswith("@@"):
            yield [
                "gap",
                gettext("Line %(number)s") % {"number": line.split()[2].lstrip("+").split(",")[0]},
            ]
        elif number > 1:
            text = line[1:]
            cut = f"{text[:LONGEST]}…" if len(text) > LONGEST else text
            yield [kinds[line[0]], cut]
