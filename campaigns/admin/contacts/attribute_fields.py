"""The attributes of a contact as fields of its form, each of its type.

A field is named after its key, not after its place: what is posted is written to the attribute that
the form showed, also when others came in between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.confirmation import restyled
from campaigns.admin.attributes.forms import clean_key
from campaigns.attributes.values import Unfit, fits, kind_of, parse, show
from campaigns.files.contact_columns import attribute_key
from campaigns.models import Attribute, AttributeKind, Contact

HINTS = {
    AttributeKind.NUMBER: _("A number, such as 12.5"),
    AttributeKind.DATE: _("A date, such as 2026-05-01"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An attribute that has a field. `value` is the contact's; None for none."""

    key: str
    label: str
    kind: str
    choices: tuple[str, ...]
    value: Any

    @property
    def field_name(self) -> str:
        return "attribute_" + hashlib.md5(self.key.encode(), usedforsecurity=False).hexdigest()


def shown_for(owner_id: int, values: Mapping[str, Any]) -> list[Shown]:
    """Those that the contact has come first. A key without a type has that of its value."""
    typed = {each.key: each for each in Attribute.objects.filter(owner=owner_id)}
    keys = [key for key, value in values.items() if not isinstance(value, (list, dict))]
    keys += sorted(set(typed) - set(values))
    return [_shown(key, typed.get(key), values.get(key)) for key in keys]


def _shown(key: str, attribute: Attribute | None, value: Any) -> Shown:
    if attribute is None:
        kind = AttributeKind.TEXT if isinstance(value, str) else kind_of(value)
        return Shown(key, key, kind, (), value)
    is_told = key in (str(attribute), attribute_key(str(attribute)))
    label = str(attribute) if is_told else f"{attribute} ({key})"
    return Shown(key, label, attribute.kind, tuple(attribute.choices), value)


def without_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Lists and objects: they are edited as JSON."""
    return {key: value for key, value in values.items() if isinstance(value, (list, dict))}


def field_for(shown: Shown) -> forms.Field:
    """The value is a text; a value that does not fit its type is one, too."""
    is_odd = shown.value is not None and not fits(shown.kind, shown.value, shown.choices)
    options = _options(shown)
    common: dict[str, Any] = {
        "label": shown.label,
        "required": False,
        "initial": show(shown.value),
        "help_text": HINTS.get(AttributeKind(shown.kind), ""),
    }
    if options and not is_odd:
        common["initial"] = show(shown.value)
        return restyled(forms.ChoiceField(choices=options, **common))
    text = common["initial"]
    is_long = len(text) > 80 or "\n" in text
    widget = forms.Textarea(attrs={"rows": 3}) if is_long else forms.TextInput()
    if is_odd:
        common["help_text"] = gettext(
            "This value does not fit the attribute's type. It stays as it is until it is changed."
        )
    return restyled(forms.CharField(widget=widget, strip=False, **common))


def _options(shown: Shown) -> list[tuple[str, str]]:
    if shown.kind == AttributeKind.YES_NO:
        return [("", "–"), ("yes", gettext("Yes")), ("no", gettext("No"))]
    if shown.kind == AttributeKind.CHOICE:
        return [("", "–"), *((choice, choice) for choice in shown.choices)]
    return []


def entered(shown: Shown, text: str) -> Any:
    """The value of a field that was changed; None for an empty one. Raises ValidationError."""
    try:
        return parse(shown.kind, text, shown.choices)
    except Unfit as error:
        raise ValidationError(str(error)) from error


def is_same(before: Any, after: str) -> bool:
    """Whether a posted text is what was shown of a value: browsers write line breaks anew."""
    return show(before).replace("\r\n", "\n") == after.replace("\r\n", "\n")


def declare(owner_id: int, name: str) -> None:
    """Make a new attribute, as a text, so that segments and lists offer it."""
    key = clean_key(name)
    Attribute.objects.get_or_create(owner_id=owner_id, key=key, defaults={"label": name.strip()})


def of(contact: Contact | None, owner_id: int) -> list[Shown]:
    return shown_for(owner_id, contact.attributes if contact else {})
