"""Format times for staff: exact, sortable by eye, in the time zone of the site."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone


def to_the_second(moment: dt.datetime | None) -> str:
    """Such as “2026-03-01 09:30:07”; a dash for none."""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else "–"


def to_the_millisecond(moment: dt.datetime | None) -> str:
    """For paces below a second."""
    if moment is None:
        return "–"
    return f"{to_the_second(moment)}.{moment.microsecond // 1000:03}"
