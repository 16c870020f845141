from __future__ import annotations

import ssl
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

LARGEST_MEGABYTES = 10
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def refuse_other_than_pem(text: str) -> None:
    """Raises ValidationError."""
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError, TypeError) as error:
        raise forms.ValidationError(gettext("This is no certificate in PEM form.")) from error


def authorities() -> forms.CharField:
    """Whose certificates are trusted."""
    return forms.CharField(
        required=False,
        label=_("CA certificates"),
        widget=forms.Textarea,
        validators=[refuse_other_than_pem],
        help_text=_("PEM text of the authorities to trust in place of the public ones."),
    )


class SmtpForm(forms.Form):
    host = forms.CharField(
        max_length=253,
        help_text=_("Name of the SMTP server, such as smtp.example.com."),
        label=_("Host"),
    )
    port = forms.IntegerField(
        initial=587,
        min_value=1,
        max_value=65535,
        help_text=_("587 for STARTTLS, 465 for TLS."),
        label=_("Port"),
    )
    security = forms.ChoiceField(
        initial="starttls",
        choices=[
            ("starttls", "STARTTLS"),
            ("tls", _("TLS from the first byte")),
            ("none", _("None")),
        ],
        label=_("Security"),
    )
    user = forms.CharField(
        required=False,
        max_length=255,
        help_text=_("Blank when the server asks for none."),
        label=_("User"),
    )
    password = forms.CharField(
        required=False,
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(render_value=False),
        label=_("Password"),
    )
    timeout = forms.IntegerField(
        initial=15,
        min_value=1,
        max_value=120,
        help_text=_("Seconds to wait for a connection or a reply."),
        label=_("Timeout"),
    )
    reply_timeout = forms.IntegerField(
        initial=90,
        min_value=60,
        max_value=120,
        help_text=(
            _(
                "Seconds to wait for the reply to a whole message. "
                "When it passes, it is unknown whether the message was accepted."
            )
        ),
        label=_("Reply timeout"),
    )
    ehlo_name = forms.RegexField(
        r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$",
        required=False,
        max_length=253,
        label=_("EHLO name"),
        help_text=_("The name to greet the server with. Blank: the domain of the service."),
    )
    messages_per_connection = forms.IntegerField(
        initial=100,
        min_value=1,
        max_value=100_000,
        help_text=_("Reconnect after this many messages."),
        label=_("Messages per connection"),
    )
    largest_megabytes = forms.IntegerField(
        required=False,
        initial=LARGEST_MEGABYTES,
        min_value=1,
        max_value=1_000,
        label=_("Largest message (MB)"),
        help_text=_(
            "What the server takes, with attachments as they travel: no campaign with more "
            "is launched. Postfix takes 10 MB unless it is told otherwise."
        ),
    )
    ca_certificates = authorities()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        in_the_clear = cleaned.get("security") == "none" and cleaned.get("host") not in LOOPBACK
        if in_the_clear and cleaned.get("user"):
            self.add_error(
                "security",
                gettext("The password would travel unencrypted; choose STARTTLS or TLS."),
            )
        return cleaned
