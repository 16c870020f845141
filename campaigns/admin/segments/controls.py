"""The form controls of a line: which there are for an input, and what they say as a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from campaigns.segments.fields import BY_MACHINES, Catalogue
from campaigns.segments.operators import Input

Parts = Mapping[str, list[str]]


class Asking(Protocol):
    field: str
    operator: str


ENGAGEMENT = {
    "campaign": "campaign",
    "link": "link",
    "within": "days",
    "times": "times",
    "by": "by",
}
"""The names of controls, and of the parts of a value that they say."""
PART = {"part": "part", "of": "of", "seed": "seed"}
PARTS: dict[Input, tuple[str, ...]] = {
    Input.NONE: (),
    Input.TEXT: ("text",),
    Input.DOMAIN: ("text",),
    Input.LANGUAGE: ("text",),
    Input.NUMBER: ("number",),
    Input.NUMBERS: ("number", "number_to"),
    Input.DATE: ("date",),
    Input.DATES: ("date", "date_to"),
    Input.DAYS: ("days",),
    Input.CHOICE: ("choice",),
    Input.CHOICES: ("choices",),
    Input.TAG: ("tag",),
    Input.SEGMENT: ("segment",),
    Input.TASK: ("task",),
    Input.IMPORT: ("import",),
    Input.ENGAGEMENT: tuple(ENGAGEMENT),
    Input.PART: tuple(PART),
}
"""By name, so that what was entered for one input is still there when another is chosen and the
first one again."""


def input_of(line: Asking, catalogue: Catalogue) -> Input | None:
    """None while field or operator are not chosen."""
    field = catalogue.find(line.field)
    operator = field.operator(line.operator) if field else None
    return operator.input if operator else None


def names_for(line: Asking, asked: Input | None, parts: Parts) -> list[str]:
    """The controls that a line has: those of its input that make sense together."""
    names = list(PARTS[asked] if asked else ())
    if asked is Input.ENGAGEMENT:
        without = {"times"} if (parts.get("campaign") or [""])[-1] else set()
        without |= set() if line.field == "clicked" else {"link"}
        without |= set() if line.field in BY_MACHINES else {"by"}
        return [name for name in names if name not in without]
    return names


def value_of(line: Asking, asked: Input | None, parts: Parts) -> object:
    """What was entered, as yet unchecked."""
    names = names_for(line, asked, parts)
    entered = [(parts.get(name) or [""])[-1] for name in names]
    match asked:
        case Input.CHOICES:
            return list(parts.get("choices", []))
        case Input.NUMBERS | Input.DATES:
            return entered
        case Input.ENGAGEMENT | Input.PART:
            keys = ENGAGEMENT if asked is Input.ENGAGEMENT else PART
            return {keys[name]: each for name, each in zip(names, entered, strict=True) if each}
        case _:
            return entered[0] if entered else None


def parts_of(asked: Input | None, value: object) -> dict[str, list[str]]:
    """What the controls show for a stored value."""
    names = PARTS[asked] if asked else ()
    if isinstance(value, dict):
        keys = ENGAGEMENT if asked is Input.ENGAGEMENT else PART
        return {name: [str(value[key])] for name, key in keys.items() if key in value}
    if isinstance(value, list):
        if asked is Input.CHOICES:
            return {"choices": [str(each) for each in value]}
        return {name: [str(each)] for name, each in zip(names, value, strict=False)}
    return {name: [str(value)] for name in names[:1] if value is not None}
