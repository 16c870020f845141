"""Form fields that several providers with an HTTP API have."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from django import forms
from django.core.validators import RegexValidator
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dispatch import network
from dispatch.providers.hooks import WEBHOOK_USER

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PRINTABLE = RegexValidator(
    r"\A[\x21-\x7e]+\Z", _("Letters, digits and signs only: no blanks, no line breaks.")
)


def secret(help_text: str | StrPromise, **kwargs: Any) -> forms.CharField:
    """A key or password, never shown again."""
    kwargs.setdefault("max_length", 500)
    return forms.CharField(
        widget=forms.PasswordInput(render_value=False),
        validators=[PRINTABLE],
        help_text=help_text,
        **kwargs,
    )


def word(help_text: str | StrPromise, **kwargs: Any) -> forms.CharField:
    """A name or id without blanks."""
    kwargs.setdefault("max_length", 200)
    return forms.CharField(validators=[PRINTABLE], help_text=help_text, **kwargs)


def region(
    *choices: tuple[str, str | StrPromise], help_text: str | StrPromise
) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Region"), choices=choices, initial=choices[0][0], help_text=help_text
    )


class ApiUrlField(forms.CharField):
    """The root of an API in the place of the provider's own, with a slash at its end."""

    def clean(self, value: Any) -> str:
        url: str = super().clean(value)
        if not url:
            return ""
        parts = _parts(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise forms.ValidationError(
                gettext(
                    "Enter an https address; http only for this machine itself (127.0.0.1, "
                    "localhost)."
                )
            )
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if _is_literal(parts.hostname or "") and not network.is_allowed(str(parts.hostname), port):
            raise forms.ValidationError(str(network.AddressForbidden(str(parts.hostname), port)))
        return f"{url.rstrip('/')}/"


def _parts(url: str) -> SplitResult:
    """Raises ValidationError for more than a host, a port and a path."""
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:
        has_port = False
    if not has_port or not parts.hostname or "@" in parts.netloc or set("?#\\") & set(url):
        raise forms.ValidationError(
            gettext(
                "Enter an address such as https://api.example.com/: a host, a port if it is not "
                "the usual one, and a path, without user, password, ? or #."
            )
        )
    return parts


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def api_url() -> ApiUrlField:
    return ApiUrlField(
        required=False,
        initial="",
        max_length=500,
        label=_("API address"),
        validators=[PRINTABLE],
        help_text=_(
            "Leave empty for the provider's own. Another one, of a private cloud, gateway or "
            "mock, takes the keys above: https, or http on this machine. Inside, only what "
            "INTERNAL_NETWORKS, INTERNAL_PORTS and LOOPBACK_PORTS name is connected to."
        ),
    )


def webhook_password() -> forms.CharField:
    return secret(
        format_lazy(
            _(
                "Enter the user “{user}” and this password at the provider's webhook, too. Without "
                "it no events are taken."
            ),
            user=WEBHOOK_USER,
        ),
        required=False,
        label=_("Webhook password"),
    )
