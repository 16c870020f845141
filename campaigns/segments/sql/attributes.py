"""Conditions on texts, numbers, dates and yes or no, in columns and in attributes.

Of an attribute, a value of another type than the field's is as if it were not there: what a number
compares is a JSON number, and a date is a text of the form 2026-05-01. So no value of a contact can
make a query fail.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from campaigns.segments.moment import Moment
from campaigns.segments.sql.expression import Sql

COMPARED = {"equals": "=", "more": ">", "at_least": ">=", "less": "<", "at_most": "<="}
DAY = "'^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$'"
LONGEST = dt.timedelta(days=365)
"""An anniversary falls in any span that is longer."""

# What a text must be like. `strpos` and `starts_with` know no wildcards.
TEXTS = {
    "is": "lower({text}) = lower(%s)",
    "contains": "strpos(lower({text}), lower(%s)) > 0",
    "starts": "starts_with(lower({text}), lower(%s))",
    "ends": "starts_with(reverse(lower({text})), reverse(lower(%s)))",
}


def text(
    expression: str, params: tuple[object, ...], column: str, asked: str, value: object
) -> Sql:
    """Of an SQL expression that is a text, whose params come first."""
    if asked == "set":
        return Sql(rf"({expression} ~ '\S') IS TRUE", params, column)
    condition = TEXTS[asked].format(text=expression)
    return Sql(f"({condition}) IS TRUE", (*params, value), column)


def text_attribute(key: str, asked: str, value: object, moment: Callable[[], Moment]) -> Sql:
    return text("({0} ->> %s)", (key,), "attributes", asked, value)


def choice(key: str, asked: str, value: object, moment: Callable[[], Moment]) -> Sql:
    if asked == "set":
        return text_attribute(key, asked, value, moment)
    among = list(value) if isinstance(value, list) else [value]
    return Sql("(({0} ->> %s) = ANY (%s::text[])) IS TRUE", (key, among), "attributes")


# A CASE, as PostgreSQL might cast before it looks at the type.
NUMBER = "CASE WHEN jsonb_typeof({0} -> %s) = 'number' THEN ({0} -> %s)::numeric END"


def number(key: str, asked: str, value: object, moment: Callable[[], Moment]) -> Sql:
    if asked == "set":
        return Sql(f"({NUMBER}) IS NOT NULL", (key, key), "attributes")
    if asked == "between" and isinstance(value, list):
        sql = f"(({NUMBER}) BETWEEN %s AND %s) IS TRUE"
        return Sql(sql, (key, key, value[0], value[1]), "attributes")
    return Sql(f"(({NUMBER}) {COMPARED[asked]} %s) IS TRUE", (key, key, value), "attributes")


def yes_no(key: str, asked: str, value: object, moment: Callable[[], Moment]) -> Sql:
    if asked == "set":
        return Sql("(jsonb_typeof({0} -> %s) = 'boolean') IS TRUE", (key,), "attributes")
    wanted = "true" if asked == "yes" else "false"
    return Sql(f"(({{0}} -> %s) = '{wanted}'::jsonb) IS TRUE", (key,), "attributes")


def date(key: str, asked: str, value: object, moment: Callable[[], Moment]) -> Sql:
    """Compared as texts: dates of this form have the order of time. The pattern comes last, as it
    costs most."""
    if asked == "set":
        return Sql(f"(({{0}} ->> %s) ~ {DAY}) IS TRUE", (key,), "attributes")
    if asked.startswith("birthday_"):
        return _anniversary(key, *_birthday_span(asked, value, moment().today))
    first, last = _span(asked, value, moment)
    sql = f'(({{0}} ->> %s) COLLATE "C" BETWEEN %s AND %s AND ({{0}} ->> %s) ~ {DAY}) IS TRUE'
    return Sql(sql, (key, first.isoformat(), last.isoformat(), key), "attributes")


def _span(asked: str, value: object, moment: Callable[[], Moment]) -> tuple[dt.date, dt.date]:
    """The first and the last day that are asked for."""
    if asked in ("on", "before", "after", "between"):
        return days_of(asked, value)
    today = moment().today
    days = dt.timedelta(days=value if isinstance(value, int) else 0)
    return (today, today + days) if asked == "next_days" else (today - days, today)


def days_of(asked: str, value: object) -> tuple[dt.date, dt.date]:
    """The first and the last day of a question about fixed dates."""
    days = [
        dt.date.fromisoformat(str(each)) for each in (value if isinstance(value, list) else [value])
    ]
    match asked:
        case "before":
            return dt.date.min, days[0] - dt.timedelta(days=1)
        case "after":
            return days[0] + dt.timedelta(days=1), dt.date.max
        case _:
            return days[0], days[-1]


def _birthday_span(asked: str, value: object, today: dt.date) -> tuple[dt.date, dt.date]:
    match asked:
        case "birthday_week":  # from Monday to Sunday
            monday = today - dt.timedelta(days=today.weekday())
            return monday, monday + dt.timedelta(days=6)
        case "birthday_month":
            after = (today.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
            return today.replace(day=1), after - dt.timedelta(days=1)
        case _:
            return today, today + dt.timedelta(days=value if isinstance(value, int) else 0)


def _anniversary(key: str, first: dt.date, last: dt.date) -> Sql:
    """Who was born on 29 February has the birthday on the 28th in years that lack the day."""
    if last - first >= LONGEST:
        return date(key, "set", None, never_asked)
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    names = {f"{day:%m-%d}" for day in days}
    if any((day.month, day.day) == (2, 28) and not _is_leap(day.year) for day in days):
        names.add("02-29")
    sql = f"(right({{0}} ->> %s, 5) = ANY (%s::text[]) AND ({{0}} ->> %s) ~ {DAY}) IS TRUE"
    return Sql(sql, (key, sorted(names), key), "attributes")


def never_asked() -> Moment:
    raise AssertionError("no moment is needed")


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


BY_KIND: dict[str, Callable[[str, str, object, Callable[[], Moment]], Sql]] = {
    "text": text_attribute,
    "number": number,
    "date": date,
    "yes_no": yes_no,
    "choice": choice,
}
