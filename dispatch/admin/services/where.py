"""Where at each provider its keys are made and its log of messages is."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

SETTINGS = {
    "brevo": "https://app.brevo.com/settings/keys/api",
    "mailgun": "https://app.mailgun.com/settings/api_security",
    "mailjet": "https://app.mailjet.com/account/apikeys",
    "postmark": "https://account.postmarkapp.com/servers",
    "resend": "https://resend.com/api-keys",
    "sendgrid": "https://app.sendgrid.com/settings/api_keys",
    "ses": "https://console.aws.amazon.com/ses/home",
    "sparkpost": "https://app.sparkpost.com/account/api-keys",
}


def settings_link(provider: str) -> SafeString | str:
    """To the provider's page of settings; "" where there is none, such as of one's own server."""
    address = SETTINGS.get(provider)
    if address is None:
        return ""
    return format_html(
        '<a class="edm-link" href="{}" target="_blank" rel="noopener noreferrer">{}</a>',
        address,
        gettext("Its settings, in a new window"),
    )
