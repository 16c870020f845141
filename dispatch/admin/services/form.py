"""The form of an email service: its limits, and the settings that its provider declares.

The provider's fields are part of the model form as `settings_<name>`; its own form validates them.
Secrets are never shown: an empty secret keeps the stored one, REMOVE removes one that is optional.
A stored one is kept for the place that it was entered for: with another host, port, TLS mode, CA or
region it has to be entered again.
"""

from __future__ import annotations

import copy
from typing import Any

from django import forms
from django.utils.translation import gettext

from admin_kit.confirmation import restyled
from admin_kit.typed import ModelForm
from admin_kit.words.stored_texts import shown
from dispatch.credentials import enter_again, moved
from dispatch.encryption import CredentialsError, decrypt, encrypt
from dispatch.models import EmailService
from dispatch.providers import get_provider
from dispatch.providers.base import Provider
from signin.session.confirming import confirm_elsewhere

PREFIX = "settings_"
REMOVE = "-"


class ServiceForm(ModelForm):
    provider_chosen: Provider
    confirmed: bool
    """Whether the user has shown lately that it is still the same; else settings stay."""

    class Meta:
        model = EmailService
        exclude = ("provider", "credentials")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unreadable = ""
        self.stored = self._stored()
        for name, value in self._shown().items():
            if PREFIX + name in self.fields:
                self.fields[PREFIX + name].initial = value
        for name in self.provider_chosen.secret_fields:
            if PREFIX + name in self.fields:
                self._explain_secret(name, self.fields[PREFIX + name])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        nested = self.provider_chosen.settings_form(self._settings_data())
        for name, errors in nested.errors.items():
            outer = PREFIX + name if PREFIX + name in self.fields else None
            if outer not in self.errors:
                self.add_error(outer, list(errors))
        if nested.is_valid() and not self._has_moved(nested.cleaned_data):
            self._keep(nested.cleaned_data)
        return cleaned

    def _has_moved(self, settings: dict[str, Any]) -> bool:
        """Whether stored secrets would be sent to another place; says so of each."""
        provider = self.provider_chosen
        places = provider.place_fields & {*settings, *self.stored}
        changed = moved(self._with_defaults(self.stored), settings, places)
        kept = [
            name
            for name in sorted(provider.sent_secrets)
            if self.stored.get(name) and self._entered().get(name) in ("", None)
        ]
        if changed:
            fields = provider.settings_form.base_fields
            called = [str(fields[each].label or each) for each in changed if each in fields]
            for name in kept:
                self.add_error(PREFIX + name, enter_again(called))
        return bool(changed and kept)

    def _with_defaults(self, stored: dict[str, Any]) -> dict[str, Any]:
        """What an older version stored lacks fields that came later."""
        fields = self.provider_chosen.settings_form.base_fields
        return {name: field.initial for name, field in fields.items()} | stored

    def _explain_secret(self, name: str, field: forms.Field) -> None:
        """Say of one that is stored how it is kept; one that is not has to be entered."""
        optional = not field.required
        field.required = field.required and not self.stored.get(name)
        if self.stored.get(name):
            kept = gettext("Never shown; leave empty to keep it.")
            if optional:
                kept = gettext("%(kept)s Enter “%(sign)s” to have none.") % {
                    "kept": kept,
                    "sign": REMOVE,
                }
            field.help_text = f"{field.help_text} {kept}".strip()

    def _keep(self, settings: dict[str, Any]) -> None:
        """Encrypted anew only when they differ: connections are kept, and so is what may be
        repeated over them.
        """
        is_switched = self.instance.provider != self.provider_chosen.name
        changed = is_switched or settings != self._with_defaults(self.stored)
        if changed and not self.confirmed:
            self.add_error(None, confirm_elsewhere())
            return
        try:
            if changed or not self.instance.credentials:
                self.instance.credentials = encrypt(settings)
        except CredentialsError as error:
            self.add_error(None, shown(error))
        self.instance.provider = self.provider_chosen.name

    def _settings_data(self) -> dict[str, Any]:
        """What was entered, with the stored secrets where none was."""
        entered = self._entered()
        kept = {
            name: "" if entered.get(name) == REMOVE else self.stored.get(name)
            for name in self.provider_chosen.secret_fields
            if entered.get(name) in ("", None, REMOVE)
        }
        return {**entered, **kept}

    def _entered(self) -> dict[str, Any]:
        return {
            name: self.fields[PREFIX + name].widget.value_from_datadict(
                self.data, self.files, self.add_prefix(PREFIX + name)
            )
            for name in self.provider_chosen.settings_form.base_fields
            if PREFIX + name in self.fields
        }

    def _stored(self) -> dict[str, Any]:
        """The settings so far; none when the provider is another one now."""
        if self.instance.provider != self.provider_chosen.name:
            return {}
        try:
            return decrypt(self.instance.credentials)
        except CredentialsError as error:
            self.unreadable = shown(error)
            return {}

    def _shown(self) -> dict[str, Any]:
        secret = self.provider_chosen.secret_fields
        return {name: value for name, value in self.stored.items() if name not in secret}


def form_for(provider: Provider, *, confirmed: bool) -> type[ServiceForm]:
    """The form with the fields of this provider."""
    fields: dict[str, Any] = {"provider_chosen": provider, "confirmed": confirmed}
    for name, declared in provider.settings_form.base_fields.items():
        fields[PREFIX + name] = _outer(name, declared, name in provider.secret_fields)
    return type("ProviderServiceForm", (ServiceForm,), fields)


def settings_fields(provider: Provider) -> list[str]:
    return [PREFIX + name for name in provider.settings_form.base_fields]


def _outer(name: str, declared: forms.Field, secret: bool) -> forms.Field:
    """A copy that only shows and takes the value: the provider's own form judges it."""
    field = copy.deepcopy(declared)
    field.label = declared.label or name.replace("_", " ").capitalize()
    if secret:
        field.widget = forms.PasswordInput(render_value=False)
    field = restyled(field)
    if secret:
        field.widget.attrs["autocomplete"] = "new-password"
    return field


def stored_provider(service: EmailService | None, asked: str) -> Provider | None:
    """The provider to show the form of: the one asked for, else the service's own."""
    name = asked or (service.provider if service else "")
    return get_provider(name) if name else None
