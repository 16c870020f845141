"""When a campaign is to be launched, as staff enter it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext

from admin_kit.typed import TextInput

FARTHEST = dt.timedelta(days=2 * 365)


class DateTimeInput(TextInput):
    input_type = "datetime-local"

    def format_value(self, value: Any) -> Any:
        """As browsers take it, in any language."""
        is_moment = isinstance(value, dt.datetime)
        return value.strftime("%Y-%m-%dT%H:%M") if is_moment else super().format_value(value)


class LaunchTime(forms.DateTimeField):
    """In the time zone of who enters it; a moment in UTC."""

    widget = DateTimeInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        zone = gettext("In the time zone %(zone)s.") % {
            "zone": timezone.get_current_timezone_name()
        }
        self.help_text = f"{self.help_text} {zone}".strip()

    def clean(self, value: Any) -> dt.datetime | None:
        at: dt.datetime | None = super().clean(value)
        if at is None:
            return None
        if at <= timezone.now():
            raise forms.ValidationError(gettext("Choose a time that is still to come."))
        if at > timezone.now() + FARTHEST:
            raise forms.ValidationError(gettext("Choose a time within the next two years."))
        return at.astimezone(dt.UTC)
