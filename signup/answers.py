"""What a stranger enters: the fields of a form's page, and what is accepted in them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from addressing.addresses import MAX_WRITTEN, AddressError, normalise
from campaigns.attributes import values
from campaigns.models import Attribute, AttributeKind, Tag
from signup.models import SignUpForm, Wording

MOST_CHARACTERS = 200
"""Of one answer."""
MOST_FIELDS = 20
MOST_TOPICS = 100
BAD_ADDRESS = _("Please enter an email address, such as ada@example.com.")
BAD_VALUE = _("Please check this.")
MUST_AGREE = _("Please agree, if you want to sign up.")
TOO_LONG = _("Please enter less.")


@dataclass(frozen=True, slots=True)
class Answers:
    """What was accepted. `email` is in its stored spelling; `stored` is what a sign-up keeps."""

    email: str
    stored: dict[str, Any]


class AnswerField(forms.CharField):
    """One line without control characters, read by an attribute's type."""

    def __init__(self, attribute: Attribute | None = None, **kwargs: Any) -> None:
        messages = {"max_length": TOO_LONG, "null_characters_not_allowed": BAD_VALUE}
        super().__init__(
            required=False, max_length=MOST_CHARACTERS, error_messages=messages, **kwargs
        )
        self.attribute = attribute

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in text):
            raise ValidationError(BAD_VALUE)
        if self.attribute is None:
            return text
        try:
            return values.parse(self.attribute.kind, text, self.attribute.choices)
        except values.Unfit as error:
            raise ValidationError(BAD_VALUE) from error


class AddressField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label=_("Email address"),
            max_length=MAX_WRITTEN,
            error_messages={
                "required": BAD_ADDRESS,
                "max_length": BAD_ADDRESS,
                "null_characters_not_allowed": BAD_ADDRESS,
            },
            widget=forms.EmailInput(attrs={"autocomplete": "email", "maxlength": None}),
        )

    def clean(self, value: Any) -> str:
        try:
            return normalise(super().clean(value))
        except AddressError as error:
            raise ValidationError(BAD_ADDRESS) from error


class AnswerForm(forms.Form):
    """The fields of one sign-up form. Labels and texts are those of its owner."""

    def __init__(
        self,
        form: SignUpForm,
        wording: Wording | None,
        data: QueryDict | None = None,
        *,
        shown: QueryDict | None = None,
        asked: Iterable[Attribute] | None = None,
        topics: Iterable[Tag] | None = None,
    ) -> None:
        """`data` is checked; `shown` is only filled in, for the person to look at and to agree.
        `asked` and `topics` take the place of those that are saved."""
        super().__init__(data, auto_id="f_%s", initial=shown.dict() if shown else {})
        self.told = data or shown or QueryDict()
        self.wording = wording
        self.asked = list(form.attributes.all() if asked is None else asked)[:MOST_FIELDS]
        self.asked.sort(key=lambda each: (str(each).casefold(), each.pk))
        self.topics = list(_public(form) if topics is None else topics)[:MOST_TOPICS]
        self.fields["email"] = AddressField()
        if form.asks_name:
            self.fields["name"] = AnswerField(
                label=_("Name"), widget=forms.TextInput(attrs={"autocomplete": "name"})
            )
        for attribute in self.asked:
            self.fields[name_of(attribute)] = AnswerField(
                attribute, label=str(attribute), widget=_widget(attribute)
            )

    def clean(self) -> dict[str, Any]:
        if self.wording and "agree" not in self.told:
            raise ValidationError(MUST_AGREE, code="agree")
        return self.cleaned_data

    @property
    def answers(self) -> Answers:
        """Of a valid form."""
        cleaned = self.cleaned_data
        attributes = {each.key: cleaned[name_of(each)] for each in self.asked}
        stored = {
            "name": cleaned.get("name", ""),
            "attributes": {key: value for key, value in attributes.items() if value is not None},
            "topics": [topic.pk for topic in self.topics if self.wants(topic)],
            "opens": bool(self.wording and self.wording.opens_text and "opens" in self.told),
        }
        return Answers(cleaned["email"], stored)

    def wants(self, topic: Tag) -> bool:
        return str(topic.pk) in self.told.getlist("topic")

    @property
    def offered(self) -> list[tuple[Tag, bool]]:
        """The topics, and whether each is ticked."""
        return [(topic, self.wants(topic)) for topic in self.topics]

    @property
    def agreed(self) -> bool:
        return self.is_bound and "agree" in self.told

    @property
    def agreed_to_opens(self) -> bool:
        return self.is_bound and "opens" in self.told


def _public(form: SignUpForm) -> QuerySet[Tag]:
    return form.topics.filter(is_public=True).order_by("name", "pk")


def name_of(attribute: Attribute) -> str:
    return f"a{attribute.pk}"


def _widget(attribute: Attribute) -> forms.Widget:
    if attribute.kind == AttributeKind.CHOICE:
        offered = [(choice, choice) for choice in attribute.choices]
        return forms.Select(choices=[("", "–"), *offered])
    if attribute.kind == AttributeKind.YES_NO:
        return forms.Select(choices=[("", "–"), ("yes", _("Yes")), ("no", _("No"))])
    if attribute.kind == AttributeKind.DATE:
        return forms.TextInput(attrs={"type": "date"})
    if attribute.kind == AttributeKind.NUMBER:
        return forms.TextInput(attrs={"inputmode": "decimal"})
    return forms.TextInput()
