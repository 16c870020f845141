"""What may be asked of a field, by its type, and the input that each question takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from campaigns.models import AttributeKind
from campaigns.wording import Text


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
    """`label` stands in a list to choose from, `phrase` in the sentence of a condition. Its texts
    differ from language to language, and so take no part in what is equal."""

    name: str
    named: Text = field(compare=False)
    input: Input
    said: Text = field(default="", compare=False)

    @property
    def label(self) -> str:
        return str(self.named)

    @property
    def phrase(self) -> str:
        value = "" if self.input is Input.NONE else " {value}"
        return str(self.said) or f"{{field}} {self.label}{value}"


_op = Operator


_SET = (
    _op("set", _("is filled in"), Input.NONE, _("{field} is filled in")),
    _op("empty", _("is empty"), Input.NONE, _("{field} is empty")),
)
TEXT = (
    _op("is", _("is"), Input.TEXT),
    _op("is_not", _("is not"), Input.TEXT),
    _op("contains", _("contains"), Input.TEXT),
    _op("contains_not", _("does not contain"), Input.TEXT),
    _op("starts", _("starts with"), Input.TEXT),
    _op("ends", _("ends with"), Input.TEXT),
    *_SET,
)
NUMBER = (
    _op("equals", _("is"), Input.NUMBER),
    _op("equals_not", _("is not"), Input.NUMBER),
    _op("more", _("is more than"), Input.NUMBER),
    _op("at_least", _("is at least"), Input.NUMBER),
    _op("less", _("is less than"), Input.NUMBER),
    _op("at_most", _("is at most"), Input.NUMBER),
    _op("between", _("is between"), Input.NUMBERS),
    *_SET,
)
_ABSOLUTE = (
    _op("on", _("is on"), Input.DATE),
    _op("before", _("is before"), Input.DATE),
    _op("after", _("is after"), Input.DATE),
    _op("between", _("is between"), Input.DATES),
)
_LAST = _op(
    "last_days", _("is in the last … days"), Input.DAYS, _("{field} is in the last {value}")
)
_NOT_LAST = _op(
    "not_last_days",
    _("is not in the last … days"),
    Input.DAYS,
    _("{field} is not in the last {value}"),
)
DATE = (
    *_ABSOLUTE,
    _LAST,
    _NOT_LAST,
    _op("next_days", _("is in the next … days"), Input.DAYS, _("{field} is in the next {value}")),
    _op("today", _("is today"), Input.NONE),
    _op("birthday_today", _("is a birthday today"), Input.NONE),
    _op("birthday_week", _("is a birthday this week"), Input.NONE),
    _op("birthday_month", _("is a birthday this month"), Input.NONE),
    _op(
        "birthday_next_days",
        _("is a birthday in the next … days"),
        Input.DAYS,
        _("{field} is a birthday in the next {value}"),
    ),
    *_SET,
)
MOMENT = (*_ABSOLUTE, _LAST, _NOT_LAST)
YES_NO = (_op("yes", _("is yes"), Input.NONE), _op("no", _("is no"), Input.NONE), *_SET)
CHOICE = (
    _op("is", _("is"), Input.CHOICE),
    _op("is_not", _("is not"), Input.CHOICE),
    _op("one_of", _("is one of"), Input.CHOICES),
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
    _op("has", _("has"), Input.TAG, _("has the tag {value}")),
    _op("lacks", _("does not have"), Input.TAG, _("does not have the tag {value}")),
    _op("any", _("has any"), Input.NONE, _("has any tag")),
    _op("none", _("has none"), Input.NONE, _("has no tag")),
)
DOMAIN = (
    _op("is", _("is"), Input.DOMAIN),
    _op("is_not", _("is not"), Input.DOMAIN),
    _op("within", _("is, or is below"), Input.DOMAIN),
    _op("not_within", _("is not, and is not below"), Input.DOMAIN),
)
LANGUAGE = (_op("is", _("is"), Input.LANGUAGE), _op("is_not", _("is not"), Input.LANGUAGE), *_SET)
STATED = (_op("is", _("is"), Input.CHOICE), _op("is_not", _("is not"), Input.CHOICE))
IMPORTED = (
    _op("is", _("is"), Input.IMPORT, _("was imported by {value}")),
    _op("is_not", _("is not"), Input.IMPORT, _("was not imported by {value}")),
    _op("any", _("is any"), Input.NONE, _("was imported")),
    _op("none", _("is none"), Input.NONE, _("was not imported")),
)
SEGMENT = (
    _op("in", _("is in"), Input.SEGMENT, _("is in the segment {value}")),
    _op("not_in", _("is not in"), Input.SEGMENT, _("is not in the segment {value}")),
)
MAILABLE = (
    _op("yes", _("can be mailed"), Input.NONE, _("is not on the suppression list")),
    _op("no", _("cannot be mailed"), Input.NONE, _("is on the suppression list")),
)
AGREED = (
    _op("yes", _("agrees"), Input.NONE, _("agrees to open tracking")),
    _op("no", _("does not agree"), Input.NONE, _("does not agree to open tracking")),
)
PART = (_op("is", _("is"), Input.PART, _("is in {value}")),)
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


def engagement(did: tuple[Text, Text], did_not: tuple[Text, Text]) -> tuple[Operator, ...]:
    """Of labels and phrases."""
    return (
        _op("did", did[0], Input.ENGAGEMENT, did[1]),
        _op("did_not", did_not[0], Input.ENGAGEMENT, did_not[1]),
    )
