"""The form of a contact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from addressing.addresses import as_written
from admin_kit.base import OwnedForm
from admin_kit.confirmation import restyled
from admin_kit.typed import Textarea
from campaigns.admin.attributes.forms import clean_key
from campaigns.admin.contacts import attribute_fields
from campaigns.admin.contacts.attribute_fields import Shown
from campaigns.admin.contacts.attributes import AttributesField
from campaigns.admin.handing_on import tasks_that_keep
from campaigns.models import Contact, MailConsent

NEW = ("new_attribute", "new_value")


class ContactForm(OwnedForm):
    """Attributes have a field each; `attributes` is for values that fit no field."""

    shown: ClassVar[Sequence[Shown]] = ()
    new_attribute = restyled(
        forms.CharField(
            required=False,
            max_length=100,
            label=_("New attribute"),
            help_text=_("A name such as “city”: templates then say {{ city }}."),
        )
    )
    new_value = restyled(forms.CharField(required=False, label=_("Its value")))
    attributes = AttributesField(
        required=False,
        initial=dict,
        label=_("Values of several parts"),
        widget=Textarea(attrs={"rows": 6, "class": "edm-code"}),
        help_text=_("Lists and objects, as JSON."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "email" in self.initial:
            self.initial["email"] = as_written(self.initial["email"])
        if "mail_consent" in self.fields:
            self.fields["mail_consent"].required = False
        self.initial["attributes"] = attribute_fields.without_fields(self.instance.attributes)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        before = dict(self.instance.attributes)
        if "attributes" in cleaned and self.add_prefix("attributes") in self.data:
            kept = attribute_fields.without_fields(before)
            before = {key: value for key, value in before.items() if key not in kept}
            before.update(cleaned["attributes"])
        for shown in self.shown:
            self._take(shown, cleaned, before)
        self._take_new(cleaned, before)
        # Django would leave an emptied object as it was.
        self.instance.attributes = cleaned["attributes"] = before
        self._clean_consent(cleaned)
        return cleaned

    def _take(self, shown: Shown, cleaned: dict[str, Any], values: dict[str, Any]) -> None:
        """A value that was not changed stays as it is stored, also one that fits no type."""
        text = cleaned.get(shown.field_name)
        if self.add_prefix(shown.field_name) not in self.data or text is None:
            return
        if attribute_fields.is_same(shown.value, text):
            return
        try:
            value = attribute_fields.entered(shown, text)
        except ValidationError as error:
            self.add_error(shown.field_name, error)
            return
        values.pop(shown.key, None) if value is None else values.update({shown.key: value})

    def _take_new(self, cleaned: dict[str, Any], values: dict[str, Any]) -> None:
        name, value = (cleaned.get(field, "") for field in NEW)
        if not name:
            if value:
                self.add_error("new_attribute", gettext("Name the attribute that has this value."))
            return
        try:
            key = clean_key(name)
        except ValidationError as error:
            self.add_error("new_attribute", error)
            return
        if key in values:
            self.add_error(
                "new_attribute", gettext("There is an attribute “%(key)s” already.") % {"key": key}
            )
        elif not value:
            self.add_error("new_value", gettext("Enter its value."))
        else:
            values[key] = value

    def clean_mail_consent(self) -> str:
        """What is not posted stays."""
        return str(self.cleaned_data["mail_consent"] or self.instance.mail_consent)

    def _clean_consent(self, cleaned: dict[str, Any]) -> None:
        before = self.initial.get("mail_consent", MailConsent.UNKNOWN)
        changed = cleaned.get("mail_consent") != before
        is_said = cleaned.get("mail_consent", MailConsent.UNKNOWN) != MailConsent.UNKNOWN
        if changed and is_said and "mail_consent_source" in self.fields:
            if not cleaned.get("mail_consent_source"):
                self.add_error("mail_consent_source", gettext("Say where they agreed or refused."))
            if not cleaned.get("mail_consent_at"):
                cleaned["mail_consent_at"] = timezone.now()

    def what_keeps_it(self, owner: User) -> list[str]:
        return tasks_that_keep(self.instance, owner, self.user, "contacts")


def form_for(contact: Contact | None, owner_id: int) -> type[ContactForm]:
    """The form with a field for each attribute."""
    shown = attribute_fields.of(contact, owner_id)
    fields = {each.field_name: attribute_fields.field_for(each) for each in shown}
    return type("ContactForm", (ContactForm,), {**fields, "shown": shown})
