"""The `date` filter of Liquid as the reference (Ruby) has it, on any host, on any day.

Only what says a whole date is one: nothing is filled in from today, and a text that is no date, or
no complete one, stays as it is. `docs/how-to/write-a-template.md` lists where that differs.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone
from django.utils.translation import gettext
from liquid import Markup, RenderContext
from liquid.exceptions import FilterArgumentError
from liquid.filter import liquid_filter, with_context
from liquid.undefined import is_undefined

from campaigns.rendering.liquid.strftime import MONTHS, WEEKDAYS, strftime

_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,2}")
MAX_DATE = 100
"""Characters of the longest text that may be a date."""

_MONTH = "|".join(f"{name}|{name[:3]}\\.?" for name in MONTHS) + "|Sept\\.?"
_WEEKDAY = "|".join(f"{name}|{name[:3]}\\.?" for name in WEEKDAYS) + "|Tues|Thurs?"
_DATES = (
    r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4}|\d\d)",
    r"(?P<d>\d{1,2})(?P<_>[-/])(?P<m>\d{1,2})(?P=_)(?P<y>\d{4})",
    r"(?P<y>\d{4})(?P<_>[-/])(?P<m>\d{1,2})(?P=_)(?P<d>\d{1,2})",
    r"(?P<y>\d\d)-(?P<m>\d\d)-(?P<d>\d\d)",
    r"(?P<y>\d{4})\.\s?(?P<m>\d{1,2})\.\s?(?P<d>\d{1,2})\.?",
    r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?=T\d)",
    r"(?P<y>\d{4})\s?[年년]\s?(?P<m>\d{1,2})\s?[月월]\s?(?P<d>\d{1,2})\s?[日号일]",
    rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?\s?(?P<m>{_MONTH}),?\s?(?P<y>\d{{4}})",
    rf"(?P<d>\d{{1,2}})-(?P<m>{_MONTH})-(?P<y>\d{{4}})",
    rf"(?P<m>{_MONTH})\s?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,\s?|\s)(?P<y>\d{{4}})",
    rf"(?P<y>\d{{4}})-(?P<m>{_MONTH})-(?P<d>\d{{1,2}})",
    rf"(?P<m>{_MONTH}),?\s?(?P<y>\d{{4}})",
    r"(?P<m>\d{1,2})/(?P<y>\d{4})",
)
_ZONES = {
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7,
    "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
"""Hours east of UTC by the names that RFC 5322 and the reference know."""
_TIME = (
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"|(?=\s?[ap]))"
    r"(?:\s?(?P<half>[ap])\.?m\.?)?"
)
_COMPACT_TIME = r"(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?"
_ZONE = (
    rf"(?P<zone>Z|UTC?|GMT|{'|'.join(_ZONES)}|"
    r"(?P<sign>[-+])(?P<east>\d\d)(?::?(?P<east_minute>\d\d))?)"
)
_FORMS = [
    re.compile(
        rf"(?:(?:{_WEEKDAY}),?\s)?{date}(?:(?:T|,?\s){time}(?:\s?{_ZONE})?)?", re.I | re.ASCII
    )
    for date in _DATES
    for time in ([_COMPACT_TIME] if date.endswith("T\\d)") else [_TIME])
]
_MONTH_NUMBERS = {name[:3].lower(): number for number, name in enumerate(MONTHS, 1)}


def day_in(text: str) -> dt.date | None:
    """The day that a text says as a whole date, beside its time and zone; None for all else."""
    if len(text) > MAX_DATE:
        return None
    for form in _FORMS:
        if found := form.fullmatch(text.strip()):
            parts = found.groupdict()
            try:
                return dt.date(_year(parts["y"]), _month(parts["m"]), int(parts["d"]))
            except (KeyError, ValueError):  # a month without a day, 31 February
                return None
    return None


@with_context
@liquid_filter
def date(value: object, format: object, zone: object = None, *, context: RenderContext) -> object:
    """What is no date stays as it is; `now` and `today` are the present of the context. `zone`, as
    "Asia/Shanghai", is where it is shown, else where the value or the site is.
    """
    if is_undefined(value):
        return ""
    if is_undefined(format) or format is None or format == "":
        return value
    at = _moment(value, context)
    if at is None:
        return value
    try:
        at = at.astimezone(_named_zone(str(zone))) if zone else at
        text = strftime(at, str(format))
    except OverflowError:  # the edges of what Python takes for a date
        return value
    return Markup(text) if isinstance(format, Markup) else text


def present() -> dict[str, Any]:
    """What templates take for now where no message is handed over, under python-liquid's names."""
    return times_of(timezone.now())


def times_of(at: dt.datetime) -> dict[str, Any]:
    """In the zone of the site, without saying so, as python-liquid has them."""
    now = timezone.make_naive(at, timezone.get_default_timezone())
    return {"now": now, "today": now.date()}


def _moment(value: object, context: RenderContext) -> dt.datetime | None:
    """With a zone; None for what is no date."""
    if isinstance(value, str) and value.lower() in ("now", "today"):
        value = context.globals["now"]
    try:
        if isinstance(value, bool):
            return None
        if isinstance(value, int):
            return _at(value)
        if isinstance(value, str):
            return _read(value)
        if isinstance(value, dt.datetime):
            return _with_zone(value)
        if isinstance(value, dt.date):
            return _with_zone(dt.datetime.combine(value, dt.time.min))
    except (ValueError, OverflowError):
        return None
    return None


def _at(seconds: int) -> dt.datetime:
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    moment = epoch + dt.timedelta(seconds=seconds)
    return moment.astimezone(timezone.get_default_timezone())


def _with_zone(moment: dt.datetime) -> dt.datetime:
    """In the zone of the site where it has none, or the offset that the site has then. An hour that
    summer time leaves out is moved.
    """
    zone = timezone.get_default_timezone()
    if moment.tzinfo is None:
        return moment.replace(tzinfo=zone).astimezone(dt.UTC).astimezone(zone)
    at_the_site = moment.astimezone(zone)
    is_there = moment.tzinfo is not dt.UTC and moment.utcoffset() == at_the_site.utcoffset()
    return at_the_site if is_there else moment


def _read(text: str) -> dt.datetime | None:
    """Raises ValueError for a date that there is not, such as 31 February."""
    if len(text) > MAX_DATE:
        return None
    if re.fullmatch(r"[0-9]+", text):
        return _at(int(text))
    for form in _FORMS:
        if found := form.fullmatch(text.strip()):
            return _moment_of({name: part or "" for name, part in found.groupdict().items()})
    return None


def _moment_of(parts: dict[str, str]) -> dt.datetime:
    return _with_zone(
        dt.datetime(
            _year(parts["y"]),
            _month(parts["m"]),
            int(parts.get("d") or 1),
            _hour(parts["hour"] or "0", parts.get("half", "")),
            int(parts["minute"] or 0),
            int(parts["second"] or 0),
            int(parts.get("fraction", "")[:6].ljust(6, "0")),
            tzinfo=_zone(parts),
        )
    )


def _year(digits: str) -> int:
    """Of two digits, those up to 68 are of this century, as in the reference."""
    year = int(digits)
    return year if len(digits) > 2 else year + (2000 if year < 69 else 1900)


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTH_NUMBERS[text[:3].lower()]


def _hour(digits: str, half: str) -> int:
    hour = int(digits)
    if half and not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half in "pP" else 0) if half else hour


def _named_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name if _ZONE_NAME.fullmatch(name) else "")
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        said = gettext("date: “%(name)s” is no time zone; write one as “Europe/Berlin”") % {
            "name": name[:40]
        }
        raise FilterArgumentError(said, token=None) from error


def _zone(parts: dict[str, str]) -> dt.timezone | None:
    name = parts["zone"].upper()
    if name in ("Z", "UTC", "GMT", "UT"):
        return dt.UTC
    if not name:
        return None
    hours = _ZONES[name] if name in _ZONES else int(parts["east"])
    east = dt.timedelta(hours=hours, minutes=int(parts["east_minute"] or 0))
    return dt.timezone(-east if parts["sign"] == "-" else east, "")
