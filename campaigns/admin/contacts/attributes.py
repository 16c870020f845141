"""Form field for a contact's attributes: a JSON object that the database can store."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext


class AttributesField(forms.JSONField):
    """Empty means no attributes."""

    def to_python(self, value: Any) -> dict[str, Any]:  # type: ignore[override]  # stubs say str
        try:
            attributes = super().to_python(value)
        except (ValueError, RecursionError) as error:  # numbers too long, nesting too deep
            raise ValidationError(gettext("This cannot be read as JSON.")) from error
        if attributes is None:
            return {}
        if not isinstance(attributes, dict):
            raise ValidationError(gettext('Enter an object, such as {"first_name": "Ada"}.'))
        if not is_storable(attributes):
            raise ValidationError(
                gettext("It contains a character or a number that cannot be stored.")
            )
        return attributes

    def bound_data(self, data: Any, initial: Any) -> Any:
        """A form with errors shows the text as it was entered."""
        return InvalidJSONInput(data) if isinstance(data, str) else data


def is_storable(value: Any) -> bool:
    """Whether PostgreSQL's jsonb accepts it: no NUL, no half of a surrogate pair, no NaN or
    infinity."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError:
        return False
    return r"\u0000" not in text.replace(r"\\", "")
