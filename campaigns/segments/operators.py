"""What may be asked of a field, by its type, and the input that each question takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from campaigns.models import AttributeKind


class Input(StrEnum):
    """What a value is, and so which form control asks for it."""

    NONE = "none"
    TEXT = "text"
    NUMBER = "number"
    NUMBERS = "numbers"
    """[from, to], both included."""
    DATE = "date"
    """ISO 8601, 2026-05-01."""
    DATES = "dates"
    """[from, to], both included."""
    DAYS = "days"
    """A whole number of days."""
    CHOICE = "choice"
    CHOICES = "choices"
    TAG = "tag"
    """The key of a row of the owner, as with the next three."""
    SEGMENT = "segment"
    TASK = "task"
    IMPORT = "import"
    DOMAIN = "domain"
    LANGUAGE = "language"
    ENGAGEMENT = "engagement"
    """{"campaign": key, "link": URL, "days": n, "times": n, "by": people/machines/anyone}, of which
    each may be left out: any campaign, any link, ever, once, people."""
    PART = "part"
    """{"part": 1, "of": 2, "seed": text}."""


@dataclass(frozen=True, slots=True)
class Operator:
    """`label` stands in a list to choose from, `phrase` in the sentence of a condition."""

    name: str
    label: str
    input: Input
    phrase: str


def _op(name: str, label: str, input: Input, phrase: str = "") -> Operator:
    value = "" if input is Input.NONE else " {value}"
    return Operator(name, label, input, phrase or f"{{field}} {label}{value}")


_SET = (
    _op("set", "is filled in", Input.NONE, "{field} is filled in"),
    _op("empty", "is empty", Input.NONE, "{field} is empty"),
)
TEXT = (
    _op("is", "is", Input.TEXT),
    _op("is_not", "is not", Input.TEXT),
    _op("contains", "contains", Input.TEXT),
    _op("contains_not", "does not contain", Input.TEXT),
    _op("starts", "starts with", Input.TEXT),
    _op("ends", "ends with", Input.TEXT),
    *_SET,
)
NUMBER = (
    _op("equals", "is", Input.NUMBER),
    _op("equals_not", "is not", Input.NUMBER),
    _op("more", "is more than", Input.NUMBER),
    _op("at_least", "is at least", Input.NUMBER),
    _op("less", "is less than", Input.NUMBER),
    _op("at_most", "is at most", Input.NUMBER),
    _op("between", "is between", Input.NUMBERS),
    *_SET,
)
_ABSOLUTE = (
    _op("on", "is on", Input.DATE),
    _op("before", "is before", Input.DATE),
    _op("after", "is after", Input.DATE),
    _op("between", "is between", Input.DATES),
)
_LAST = _op("last_days", "is in the last … days", Input.DAYS, "{field} is in the last {value}")
_NOT_LAST = _op(
    "not_last_days", "is not in the last … days", Input.DAYS, "{field} is not in the last {value}"
)
DATE = (
    *_ABSOLUTE,
    _LAST,
    _NOT_LAST,
    _op("next_days", "is in the next … days", Input.DAYS, "{field} is in the next {value}"),
    _op("today", "is today", Input.NONE),
    _op("birthday_today", "is a birthday today", Input.NONE),
    _op("birthday_week", "is a birthday this week", Input.NONE),
    _op("birthday_month", "is a birthday this month", Input.NONE),
    _op(
        "birthday_next_days",
        "is a birthday in the next … days",
        Input.DAYS,
        "{field} is a birthday in the next {value}",
    ),
    *_SET,
)
MOMENT = (*_ABSOLUTE, _LAST, _NOT_LAST)
YES_NO = (_op("yes", "is yes", Input.NONE), _op("no", "is no", Input.NONE), *_SET)
CHOICE = (
    _op("is", "is", Input.CHOICE),
    _op("is_not", "is not", Input.CHOICE),
    _op("one_of", "is one of", Input.CHOICES),
    *_SET,
)
OF_ATTRIBUTES = {
    AttributeKind.TEXT: TEXT,
    AttributeKind.NUMBER: NUMBER,
    AttributeKind.DATE: DATE,
    AttributeKind.YES_NO: YES_NO,
    AttributeKind.CHOICE: CHOICE,
}

TAG = (
    _op("has", "has", Input.TAG, "has the tag {value}"),
    _op("lacks", "does not have", Input.TAG, "does not have the tag {value}"),
    _op("any", "has any", Input.NONE, "has any tag"),
    _op("none", "has none", Input.NONE, "has no tag"),
)
DOMAIN = (
    _op("is", "is", Input.DOMAIN),
    _op("is_not", "is not", Input.DOMAIN),
    _op("within", "is, or is below", Input.DOMAIN),
    _op("not_within", "is not, and is not below", Input.DOMAIN),
)
LANGUAGE = (_op("is", "is", Input.LANGUAGE), _op("is_not", "is not", Input.LANGUAGE), *_SET)
STATED = (_op("is", "is", Input.CHOICE), _op("is_not", "is not", Input.CHOICE))
IMPORTED = (
    _op("is", "is", Input.IMPORT, "was imported by {value}"),
    _op("is_not", "is not", Input.IMPORT, "was not imported by {value}"),
    _op("any", "is any", Input.NONE, "was imported"),
    _op("none", "is none", Input.NONE, "was not imported"),
)
SEGMENT = (
    _op("in", "is in", Input.SEGMENT, "is in the segment {value}"),
    _op("not_in", "is not in", Input.SEGMENT, "is not in the segment {value}"),
)
MAILABLE = (
    _op("yes", "can be mailed", Input.NONE, "is not on the suppression list"),
    _op("no", "cannot be mailed", Input.NONE, "is on the suppression list"),
)
AGREED = (
    _op("yes", "agrees", Input.NONE, "agrees to open tracking"),
    _op("no", "does not agree", Input.NONE, "does not agree to open tracking"),
)
PART = (_op("is", "is", Input.PART, "is in {value}"),)
NEGATED = {
    "is_not": "is",
    "contains_not": "contains",
    "equals_not": "equals",
    "not_last_days": "last_days",
    "lacks": "has",
    "none": "any",
    "not_within": "within",
    "not_in": "in",
    "did_not": "did",
    "empty": "set",
}
"""Operators that hold exactly where another one does not."""


def engagement(did: str, did_not: str) -> tuple[Operator, ...]:
    return (
        _op("did", did, Input.ENGAGEMENT, f"{did} {{value}}"),
        _op("did_not", did_not, Input.ENGAGEMENT, f"{did_not} {{value}}"),
    )
