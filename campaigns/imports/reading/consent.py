"""What cells say of a person's consent, and since when."""

from __future__ import annotations

import datetime as dt

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from campaigns.attributes.values import Reading, parse, with_one_zone
from campaigns.attributes.yes_no import agreed, says_nothing, yes_or_no
from campaigns.files.row_errors import RowError
from campaigns.models import AttributeKind


def consent_of(cell: str) -> bool | None:
    """Whether a cell says that a person agreed, by yes, such a word or the time; None where it says
    neither."""
    try:
        return yes_or_no(cell)
    except ValueError:
        said = agreed(cell)
    return True if said is None and time_of(cell.strip()) else said


def is_recorded_only(cell: str) -> bool:
    """Whether a cell of consent says nothing that the list of suppressions should know: “no” is
    recorded, “unsubscribed” is more."""
    return consent_of(cell) is not None and agreed(cell) is not False


def tracking_of(address: str, cell: str) -> bool | None:
    if says_nothing(cell):
        return None
    try:
        return yes_or_no(cell)
    except ValueError as error:
        raise RowError(
            address, gettext("The consent to tracking is not clear: %(error)s") % {"error": error}
        ) from error


def time_of(cell: str) -> str:
    """In ISO 8601, in UTC where the cell names no zone; "" for what is no time."""
    try:
        found = parse_datetime(with_one_zone(cell))
        if found is None:
            day = parse(AttributeKind.DATE, cell, (), Reading())
            found = dt.datetime.fromisoformat(str(day))
    except (ValueError, OverflowError):  # Unfit is one
        return ""
    return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).isoformat()
