"""Format times for staff: in the language and the time zone of who looks. Templates write them by
DATETIME_FORMAT, which is the same."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.formats import date_format

NONE = "–"


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
