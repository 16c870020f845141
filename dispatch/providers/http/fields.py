"""Form fields that several providers with an HTTP API have."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator

from dispatch.providers.hooks import WEBHOOK_USER

PRINTABLE = RegexValidator(
    r"\A[\x21-\x7e]+\Z", "Letters, digits and signs only: no blanks, no line breaks."
)


def secret(help_text: str, **kwargs: Any) -> forms.CharField:
    """A key or password, never shown again."""
    kwargs.setdefault("max_length", 500)
    return forms.CharField(
        widget=forms.PasswordInput(render_value=False),
        validators=[PRINTABLE],
        help_text=help_text,
        **kwargs,
    )


def word(help_text: str, **kwargs: Any) -> forms.CharField:
    """A name or id without blanks."""
    kwargs.setdefault("max_length", 200)
    return forms.CharField(validators=[PRINTABLE], help_text=help_text, **kwargs)


def region(*choices: tuple[str, str], help_text: str) -> forms.ChoiceField:
    return forms.ChoiceField(choices=choices, initial=choices[0][0], help_text=help_text)


def webhook_password() -> forms.CharField:
    return secret(
        f"Enter the user “{WEBHOOK_USER}” and this password at the provider's webhook, too. "
        "Without it no events are taken.",
        required=False,
        label="Webhook password",
    )
