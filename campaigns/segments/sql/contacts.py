"""Conditions on what a contact is: its tags, address, language, origin and part of a split."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.utils.translation import gettext

from campaigns.models import Operation, OperationKind, Tag
from campaigns.segments.moment import Moment, midnight
from campaigns.segments.sql.expression import Among, Sql

DOMAIN = "split_part({0}, '@', -1)"
LANGUAGES = ("language", "lang", "locale")
"""The attributes that say a contact's language; the first that is filled in counts."""
# Also of such as zh_CN.UTF-8, de_DE@euro and en-US,en;q=0.9, as systems and browsers write it.
LANGUAGE = "lower(split_part(translate(btrim(coalesce({}, '')), '_@,;', '-...'), '.', 1))".format(
    ", ".join(
        rf"CASE WHEN {{0}} ->> '{key}' ~ '\S' THEN {{0}} ->> '{key}' END" for key in LANGUAGES
    )
)


class NotThere(Exception):
    """The row that a value names is gone, or of another owner."""


TAGGED = "campaigns_contact_tags t WHERE {where}"


def tagged(asked: str, value: object, owner_id: int) -> Among:
    """With any of the tags below it. Raises NotThere."""
    if asked == "any":
        return _tagged("true")
    own = Tag.objects.filter(owner=owner_id)
    if not own.filter(pk=value).exists():
        raise NotThere(gettext("This tag is gone. Choose another one."))
    keys = [value, *own.filter(parent=value).values_list("pk", flat=True)]
    if len(keys) == 1:  # found in the order of the contacts, by the index of both columns
        return _tagged("t.tag_id = %s", value)
    return _tagged("t.tag_id = ANY (%s)", keys)


def _tagged(where: str, *params: object) -> Among:
    return Among("pk", "t.contact_id", TAGGED.format(where=where), params)


def domain(asked: str, value: object) -> Sql:
    if asked == "is":
        return Sql(f"{DOMAIN} = %s", (value,), "email")
    below = f".{value}"
    return Sql(f"({DOMAIN} = %s OR right({{0}}, %s) = %s)", (value, len(below), below), "email")


def language(asked: str, value: object) -> Sql:
    """A language without a region holds for all of its regions: zh for zh-CN."""
    if asked == "set":
        return Sql(f"{LANGUAGE} <> ''", (), "attributes")
    sql = f"({LANGUAGE} = %s OR starts_with({LANGUAGE}, %s))"
    return Sql(sql, (value, f"{value}-"), "attributes")


def created(asked: str, value: object, moment: Callable[[], Moment]) -> Sql:
    if asked == "last_days" and isinstance(value, int):
        return Sql("{0} > %s", (moment().days_ago(value),), "created_at")
    first, last = (dt.date.fromisoformat(str(each)) for each in _ends(value))
    match asked:
        case "before":
            return Sql("{0} < %s", (midnight(first),), "created_at")
        case "after":
            return Sql("{0} >= %s", (midnight(_next(last)),), "created_at")
        case _:
            bounds = (midnight(first), midnight(_next(last)))
            return Sql("({0} >= %s AND {0} < %s)", bounds, "created_at")


def _ends(value: object) -> tuple[object, object]:
    return (value[0], value[1]) if isinstance(value, list) else (value, value)


def _next(day: dt.date) -> dt.date:
    return day + dt.timedelta(days=1)


def imported(asked: str, value: object, owner_id: int) -> Sql:
    """Raises NotThere."""
    if asked == "any":
        return Sql("{0} IS NOT NULL", (), "imported_by_id")
    own = Operation.objects.filter(owner=owner_id, kind=OperationKind.IMPORT)
    if not own.filter(pk=value).exists():
        raise NotThere(gettext("This import is gone. Choose another one."))
    return Sql("({0} = %s) IS TRUE", (value,), "imported_by_id")


def consent(asked: str, value: object) -> Sql:
    return Sql("{0} = %s", (value,), "mail_consent")


def part(value: object) -> Sql:
    """By the address, so that a contact stays in its part. Each address is in exactly one part."""
    assert isinstance(value, dict)
    number = "('x' || left(md5(%s || ':' || {0}::text), 15))::bit(60)::bigint"
    params = (value["seed"], value["of"], value["part"])
    return Sql(f"{number} %% %s + 1 = %s", params, "address_key")
