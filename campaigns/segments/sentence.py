"""A condition in plain words, such as `has the tag “VIP” and opened any message in the last 30
days, but not (Plan is “free”)`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from types import NoneType

from django.conf import settings
from django.db.models import Case, F, Sum, When
from django.utils import formats
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from admin_kit.words.listing import headed
from campaigns import wording
from campaigns.models import Launch, Operation, Segment, Tag, Task
from campaigns.segments import tree
from campaigns.segments.fields import Catalogue, Field
from campaigns.segments.operators import Input
from campaigns.segments.questions import Question, question
from campaigns.segments.tree import ConditionError, Group, Line
from campaigns.segments.values import BY
from campaigns.wording import filled

GONE = _("(gone)")
AND, OR = _(" and "), _(" or ")
WORDS = {"all": AND, "any": OR, "none": OR}
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
        said = str(WORDS[group.match]).join(_part(each, catalogue) for each in group.items)
        return gettext("not (%(said)s)") % {"said": said} if group.match == "none" else said
    said = str(AND).join(_part(each, catalogue) for each in positive)
    never = [_part(each, catalogue) for each in group.items if _is_none(each)]
    if not never:
        return said
    return gettext("%(said)s, but %(never)s") % {"said": said, "never": str(AND).join(never)}


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
        return f"[{headed(line.field, error.message)}]"
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
            return pgettext("between", " and ").join(say_one(each) for each in value)
        case Input.TAG | Input.SEGMENT | Input.TASK | Input.IMPORT as kind:
            return _name(kind, value, owner_id)
        case Input.ENGAGEMENT if isinstance(value, dict):
            return _messages(value, owner_id)
        case Input.PART if isinstance(value, dict):
            return gettext("part %(part)s of %(of)s of a random split") % value
        case _:
            return _choice(asked.field, value)


def _days(value: object) -> str:
    number = int(str(value))
    return filled(ngettext("day", "%(count)s days", number), number)


def _date(value: object) -> str:
    return formats.date_format(dt.date.fromisoformat(str(value)), "j F Y")


def _choice(field: Field, value: object) -> str:
    labels = dict(field.choices)
    names = value if isinstance(value, list) else [value]
    return str(OR).join(f"“{labels.get(str(name), name)}”" for name in names)


def _name(kind: Input, value: object, owner_id: int) -> str:
    model = ROWS[kind]
    row = model._default_manager.filter(owner=owner_id, pk=value).first()
    if row is None:
        return str(GONE)
    return f"“{row.title if isinstance(row, Operation) else row}”"


def _messages(value: dict[str, object], owner_id: int) -> str:
    """Of which messages, which link, how often, since when and by whom."""
    said = _which(value, owner_id)
    if "link" in value:
        said = gettext("the link %(link)s in %(messages)s") % {
            "link": value["link"],
            "messages": said,
        }
    if "days" in value:
        days = _days(value["days"])
        said = gettext("%(messages)s in the last %(days)s") % {"messages": said, "days": days}
    if "by" in value:
        by = BY[str(value["by"])]
        said = gettext("%(messages)s (counting what %(who)s did)") % {"messages": said, "who": by}
    return said


def _which(value: dict[str, object], owner_id: int) -> str:
    if "campaign" in value:
        name = _name(Input.TASK, value["campaign"], owner_id)
        return gettext("the campaign %(name)s") % {"name": name}
    if "times" in value:
        messages = wording.messages(int(str(value["times"])))
        return gettext("at least %(messages)s") % {"messages": messages}
    return gettext("any message")


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
    messages = wording.messages(found["messages"] or 0)
    of = (
        gettext("the campaign %(name)s") % {"name": _name(Input.TASK, campaign, owner_id)}
        if campaign
        else gettext("all campaigns")
    )
    return gettext(
        "An open is known only where it is recorded: that a message was not opened may "
        "mean that nothing was recorded. Of %(of)s, opens are recorded for %(recorded)s of "
        "%(messages)s."
    ) % {"of": of, "recorded": f"{found['recorded'] or 0:,}", "messages": messages}
