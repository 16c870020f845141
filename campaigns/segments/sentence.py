"""A condition in plain English, such as `has the tag “VIP” and opened any message in the last 30
days, but not (Plan is “free”)`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from types import NoneType

from django.conf import settings
from django.db.models import Case, F, Sum, When
from django.utils import formats

from campaigns.models import Launch, Operation, Segment, Tag, Task
from campaigns.segments import tree
from campaigns.segments.fields import Catalogue, Field
from campaigns.segments.operators import Input
from campaigns.segments.questions import Question, question
from campaigns.segments.tree import ConditionError, Group, Line
from campaigns.segments.values import BY
from campaigns.wording import counted

GONE = "(gone)"
WORDS = {"all": " and ", "any": " or ", "none": " or "}
ROWS = {Input.TAG: Tag, Input.SEGMENT: Segment, Input.TASK: Task, Input.IMPORT: Operation}


@dataclass(frozen=True)
class Said:
    """`notes` say what cannot be known."""

    sentence: str
    notes: tuple[str, ...] = ()


def say(owner_id: int, raw: object) -> Said:
    """Never raises: what cannot be understood is said to be so."""
    catalogue = Catalogue(owner_id)
    try:
        group = tree.read(raw)
    except ConditionError as error:
        return Said(error.message)
    notes = tuple(_notes(owner_id, list(group.lines())))
    return Said(_group(group, catalogue), notes)


def _group(group: Group, catalogue: Catalogue) -> str:
    """With "none" groups at the end: who does this, but not that."""
    positive = [each for each in group.items if not _is_none(each)]
    if group.match != "all" or not positive:
        said = WORDS[group.match].join(_part(each, catalogue) for each in group.items)
        return f"not ({said})" if group.match == "none" else said
    said = " and ".join(_part(each, catalogue) for each in positive)
    never = [_part(each, catalogue) for each in group.items if _is_none(each)]
    return ", but ".join([said, " and ".join(never)]) if never else said


def _is_none(item: Group | Line) -> bool:
    return isinstance(item, Group) and item.match == "none"


def _part(item: Group | Line, catalogue: Catalogue) -> str:
    if isinstance(item, Line):
        return _line(item, catalogue)
    said = _group(item, catalogue)
    return said if item.match == "none" or len(item.items) == 1 else f"({said})"


def _line(line: Line, catalogue: Catalogue) -> str:
    try:
        asked = question(line, catalogue)
    except ConditionError as error:
        return f"[{line.field}: {error.message}]"
    value = _value(asked, catalogue.owner_id)
    return asked.operator.phrase.replace("{value}", value).replace("{field}", asked.field.label)


def _value(asked: Question, owner_id: int) -> str:
    value = asked.value
    match asked.operator.input:
        case Input.NONE:
            return ""
        case Input.DAYS:
            return _days(value)
        case Input.NUMBER:
            return str(value)
        case Input.DATE:
            return _date(value)
        case Input.NUMBERS | Input.DATES if isinstance(value, list):
            say_one = _date if asked.operator.input == Input.DATES else str
            return " and ".join(say_one(each) for each in value)
        case Input.TAG | Input.SEGMENT | Input.TASK | Input.IMPORT as kind:
            return _name(kind, value, owner_id)
        case Input.ENGAGEMENT if isinstance(value, dict):
            return _messages(value, owner_id)
        case Input.PART if isinstance(value, dict):
            return f"part {value['part']} of {value['of']} of a random split"
        case _:
            return _choice(asked.field, value)


def _days(value: object) -> str:
    return "day" if value == 1 else f"{value:,} days"


def _date(value: object) -> str:
    return formats.date_format(dt.date.fromisoformat(str(value)), "j F Y")


def _choice(field: Field, value: object) -> str:
    labels = dict(field.choices)
    names = value if isinstance(value, list) else [value]
    return " or ".join(f"“{labels.get(str(name), name)}”" for name in names)


def _name(kind: Input, value: object, owner_id: int) -> str:
    model = ROWS[kind]
    row = model._default_manager.filter(owner=owner_id, pk=value).first()
    if row is None:
        return GONE
    return f"“{row.title if isinstance(row, Operation) else row}”"


def _messages(value: dict[str, object], owner_id: int) -> str:
    """Of which messages, which link, how often, since when and by whom."""
    said = [f"the link {value['link']} in"] if "link" in value else []
    if "campaign" in value:
        said.append(f"the campaign {_name(Input.TASK, value['campaign'], owner_id)}")
    elif "times" in value:
        said.append(f"at least {counted(int(str(value['times'])), 'message')}")
    else:
        said.append("any message")
    if "days" in value:
        said.append(f"in the last {_days(value['days'])}")
    if "by" in value:
        said.append(f"(counting what {BY[str(value['by'])]} did)")
    return " ".join(said)


def _notes(owner_id: int, lines: list[Line]) -> list[str]:
    """For each campaign whose opens are asked for, or for all: how far opens can be known."""
    asked = [
        line for line in lines if line.field == "opened" and isinstance(line.value, dict | NoneType)
    ]
    campaigns = {(line.value or {}).get("campaign") for line in asked}  # type: ignore[attr-defined]
    return [_recorded(owner_id, each) for each in sorted(campaigns, key=lambda each: each or 0)]


def _recorded(owner_id: int, campaign: object) -> str:
    launches = Launch.objects.filter(task__owner=owner_id)
    if isinstance(campaign, int):
        launches = launches.filter(task=campaign)
    of_agreed = F("agreed") if settings.OPENS_NEED_CONSENT else F("inserted")
    recorded = Sum(Case(When(task__track_opens=True, then=of_agreed), default=0))
    found = launches.aggregate(recorded=recorded, messages=Sum("inserted"))
    messages = counted(found["messages"] or 0, "message")
    of = f"the campaign {_name(Input.TASK, campaign, owner_id)}" if campaign else "all campaigns"
    return (
        "An open is known only where it is recorded: that a message was not opened may mean that "
        f"nothing was recorded. Of {of}, that is so for {found['recorded'] or 0:,} of {messages}."
    )
