"""The time zones that staff choose from."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from signin.models import Profile

REGIONS = frozenset(
    {
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    }
)
"""The others are links of old, such as “Jamaica” and “US/Eastern”, and not chosen."""


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    found = [name for name in zoneinfo.available_timezones() if name.partition("/")[0] in REGIONS]
    return ("UTC", *sorted(found))


def validate(name: str) -> None:
    if name not in names():
        raise ValidationError(gettext("“%(name)s” is not a time zone.") % {"name": name})


def zone_of(profile: Profile | None) -> dt.tzinfo:
    """The zone that was chosen, else that of the site: also when this machine does not know it
    (any more)."""
    name = profile.time_zone if profile else ""
    try:
        return zoneinfo.ZoneInfo(name or settings.TIME_ZONE)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)
