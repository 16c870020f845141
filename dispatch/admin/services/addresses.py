"""A form field for a few addresses."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from addressing.addresses import MAX_WRITTEN, as_written, clean_address
from admin_kit.words.numbers import number
from dispatch.models.seed_list import MOST

_BETWEEN = re.compile(r"[\s,;]+")


class AddressesField(forms.CharField):
    """Addresses in their stored spelling, each once, written on lines or with commas between."""

    def __init__(self, **kwargs: Any) -> None:
        rows = forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"})
        super().__init__(**{"max_length": MAX_WRITTEN * MOST, "widget": rows, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(as_written, value)) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Any:
        written = [each for each in _BETWEEN.split(super().clean(value)) if each]
        if len(written) > MOST:
            raise ValidationError(
                gettext("These are %(written)s addresses; %(most)s are the most.")
                % {"written": number(len(written)), "most": MOST}
            )
        return list(dict.fromkeys(self._cleaned(each, len(written)) for each in written))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    @staticmethod
    def _cleaned(address: str, of: int) -> str:
        try:
            return clean_address(address)
        except ValidationError as error:
            which = f"“{address[:100]}”: " if of > 1 else ""
            raise ValidationError(f"{which}{' '.join(error.messages)}") from error
