"""The checks that read what staff wrote, where they can be ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from campaigns.preflight.checklist import (
    findings,
    images,
    inbox,
    links,
    plain_text,
    programs,
    untouched,
)
from campaigns.preflight.checklist.findings import Finding
from campaigns.preflight.checklist.message import Message, Written
from campaigns.rendering.template_work import PARSING
from sandbox import bounded

Check = Callable[[Message], Iterable[Finding]]
CHECKS: tuple[Check, ...] = (
    *inbox.CHECKS,
    *links.CHECKS,
    *images.CHECKS,
    *plain_text.CHECKS,
    *programs.CHECKS,
    *untouched.CHECKS,
)
"""Each is a pure function that yields what it finds, named after it."""


def found_in(message: Message) -> Iterator[Finding]:
    for check in CHECKS:
        yield from check(message)


@bounded(PARSING, encode=findings.to_json, decode=findings.from_json)
def of_message(written: dict[str, Any], rest: dict[str, Any]) -> list[Finding]:
    """`written` are the values of Written, `rest` the others of Message."""
    return list(found_in(Message(Written(**written), **rest)))
