"""What a history entry says, in the language of the reader: the names of fields in it, too."""

from __future__ import annotations

import json
import re
from typing import Any

from django import template
from django.contrib.admin.models import LogEntry
from django.utils.translation import gettext, gettext_noop

from admin_kit.words.moments import RECORDED, read_again, written_day
from admin_kit.words.stored_texts import shown

register = template.Library()
FROM_TO = gettext_noop("%(label)s from %(old)s to %(new)s")
NOT_SHOWN = gettext_noop("%(label)s (not shown)")
NOTHING = gettext_noop("nothing")
YES_OR_NO = (gettext_noop("yes"), gettext_noop("no"))
_FROM_TO = re.compile(
    r"(?P<label>[^“”]{1,200}) from (?P<old>“[^”]*”|nothing) to (?P<new>“.*”|nothing)"
)
ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NOT_SHOWN = re.compile(r"(?P<label>[^“”]{1,200}) \(not shown\)")


@register.filter
def told(entry: LogEntry) -> str:
    """Django joins the fields of a change; those of ours say the old and the new value."""
    try:
        stored: Any = json.loads(entry.change_message)
        parts = [_part_told(part) for part in stored]
    except (ValueError, AttributeError, TypeError, KeyError):
        return shown(entry.change_message)
    told_parts = [part for part in parts if part]
    copied = LogEntry(change_message=json.dumps(told_parts), action_flag=entry.action_flag)
    return str(copied.get_change_message())


def _part_told(part: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """As Django reads it; empty for a change that names nothing. Of a row of a table whose fields
    are not named, only the row is told: Django would look for them."""
    ((verb, change),) = part.items()
    fields = list(map(field_told, change.pop("fields", None) or ()))
    if fields:
        return {verb: {**change, "fields": fields}}
    if verb != "changed":
        return {verb: change}
    if "name" not in change:
        return {}
    row = gettext("%(name)s “%(object)s”") % {"name": change["name"], "object": change["object"]}
    return {verb: {"fields": [row]}}


def field_told(field: str) -> str:
    if found := _FROM_TO.fullmatch(field):
        values = {"old": _value(found["old"]), "new": _value(found["new"])}
        return gettext(FROM_TO) % {"label": label_told(found["label"]), **values}
    if found := _NOT_SHOWN.fullmatch(field):
        return gettext(NOT_SHOWN) % {"label": label_told(found["label"])}
    return label_told(field)


def label_told(label: str) -> str:
    """A label begins with a capital; the name of a field does not."""
    uncapped = label[:1].lower() + label[1:]
    for each in (uncapped, label):
        for translate in (shown, gettext):
            if (known := translate(each)) != each:
                return known
    return label


def _value(value: str) -> str:
    if value == NOTHING:
        return gettext(NOTHING)
    word = value[1:-1]
    if ISO_DAY.fullmatch(word):
        return value.replace(word, written_day(word))
    if RECORDED.fullmatch(word):
        return read_again(value)
    return value.replace(word, gettext(word)) if word in YES_OR_NO else value
