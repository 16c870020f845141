"""Forms of attributes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedForm
from admin_kit.confirmation import StyledForm
from admin_kit.typed import Textarea
from campaigns.files.contact_columns import attribute_key
from campaigns.models import Attribute, AttributeKind

MOST_CHOICES = 200
LONGEST_CHOICE = 200


class ChoicesField(forms.CharField):
    """A choice a line. Its value is a list."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", _("One a line; of the type “choice” only."))
        super().__init__(required=False, widget=Textarea(attrs={"rows": 6}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> list[str]:
        lines = [" ".join(line.split()) for line in str(super().clean(value)).splitlines()]
        choices = list(dict.fromkeys(line for line in lines if line))
        if len(choices) > MOST_CHOICES:
            raise ValidationError(
                gettext("Enter at most %(most_choices)s choices.") % {"most_choices": MOST_CHOICES}
            )
        for choice in choices:
            if len(choice) > LONGEST_CHOICE:
                raise ValidationError(
                    gettext("“%(choice)s…” is longer than %(longest_choice)s letters.")
                    % {"choice": choice[:40], "longest_choice": LONGEST_CHOICE}
                )
        return choices


def clean_choices(kind: str, choices: list[str]) -> list[str]:
    """Those of the type. Raises ValidationError for a choice without any."""
    if kind != AttributeKind.CHOICE:
        return []
    if not choices:
        raise ValidationError(gettext("Enter the choices, one a line."))
    return choices


def clean_key(key: str) -> str:
    """As a file's heading would be named. Raises ValidationError."""
    cleaned = attribute_key(key)
    if not cleaned:
        raise ValidationError(gettext("The name needs a letter."))
    return cleaned


class AttributeForm(OwnedForm):
    choices = ChoicesField(label=_("Choices"))

    def clean_key(self) -> str:
        return clean_key(self.cleaned_data["key"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        kind = cleaned.get("kind", self.instance.kind)
        try:
            cleaned["choices"] = clean_choices(kind, cleaned.get("choices") or [])
        except ValidationError as error:
            self.add_error("choices", error)
        return cleaned


class TypeForm(StyledForm):
    kind = forms.ChoiceField(label=_("Type"), choices=AttributeKind.choices)
    choices = ChoicesField(label=_("Choices"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        try:
            cleaned["choices"] = clean_choices(
                cleaned.get("kind", ""), cleaned.get("choices") or []
            )
        except ValidationError as error:
            self.add_error("choices", error)
        return cleaned


class NameForm(StyledForm):
    key = forms.CharField(label=_("New name"), max_length=100)

    def __init__(self, data: Any, attribute: Attribute) -> None:
        super().__init__(data, initial={"key": attribute.key})
        self.attribute = attribute

    def clean_key(self) -> str:
        key = clean_key(self.cleaned_data["key"])
        if key == self.attribute.key:
            raise ValidationError(gettext("This is its name already."))
        taken = Attribute.objects.filter(owner=self.attribute.owner_id, key=key)
        if taken.exists():
            raise ValidationError(gettext("There is an attribute with this name already."))
        return key
