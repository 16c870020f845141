"""Format times for staff: in the language and the time zone of who looks. Templates write them by
DATETIME_FORMAT, which is the same."""

from __future__ import annotations

import datetime as dt
import re

from django.utils import timezone
from django.utils.formats import date_format

NONE = "–"
RECORDED = re.compile(
    r"\b(\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?) ([A-Z]{3,5}|[+-]\d\d(?:\d\d)?)(?![\w:])"
)


def recorded(moment: dt.datetime) -> str:
    """As it is kept in a text, for readers in any zone: in that of the site, with its name."""
    return f"{timezone.localtime(moment, timezone.get_default_timezone()):%Y-%m-%d %H:%M %Z}"


def read_again(text: str) -> str:
    """A text with the times that are kept in it as they are shown to who looks."""
    return RECORDED.sub(_read_again, text)


def _read_again(found: re.Match[str]) -> str:
    try:
        naive = dt.datetime.fromisoformat(found[1])
    except ValueError:
        return found[0]
    for zone in (timezone.get_default_timezone(), dt.UTC):
        for fold in (0, 1):
            moment = naive.replace(tzinfo=zone, fold=fold)
            if moment.tzname() == found[2]:
                return to_the_minute(moment)
    return found[0]


def written_day(iso: str) -> str:
    """Of such as “2026-03-01”; what is no day stays as it is."""
    try:
        return date_format(dt.date.fromisoformat(iso), "DATE_FORMAT")
    except ValueError:
        return iso


def day(moment: dt.datetime) -> str:
    """Such as “1 Mar 2026”: the day that it is where the reader is."""
    return date_format(timezone.localtime(moment), "DATE_FORMAT")


def to_the_minute(moment: dt.datetime | None) -> str:
    """Such as “1 Mar 2026, 09:30”; a dash for none."""
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT") if moment else NONE


def with_its_zone(moment: dt.datetime | None) -> str:
    """Such as “1 Mar 2026, 09:30 CET”, where it is read apart from the page that it was on."""
    return f"{to_the_minute(moment)} {timezone.localtime(moment):%Z}" if moment else NONE


def to_the_second(moment: dt.datetime | None) -> str:
    """Such as “1 Mar 2026, 09:30:07”, where one minute holds many rows."""
    return f"{to_the_minute(moment)}:{timezone.localtime(moment):%S}" if moment else NONE


def to_the_millisecond(moment: dt.datetime | None) -> str:
    """For paces below a second."""
    return f"{to_the_second(moment)}.{moment.microsecond // 1000:03}" if moment else NONE
