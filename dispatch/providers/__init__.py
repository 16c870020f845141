"""The providers there are. A new one is a folder beside this file and a line in PROVIDERS."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from dispatch.errors import ServiceError
from dispatch.providers.base import Provider
from dispatch.providers.brevo import BrevoProvider
from dispatch.providers.engagelab import EngageLabProvider
from dispatch.providers.maildir import MaildirProvider
from dispatch.providers.mailgun import MailgunProvider
from dispatch.providers.mailjet import MailjetProvider
from dispatch.providers.postmark import PostmarkProvider
from dispatch.providers.resend import ResendProvider
from dispatch.providers.sendgrid import SendGridProvider
from dispatch.providers.ses import SesProvider
from dispatch.providers.smtp import SmtpProvider
from dispatch.providers.sparkpost import SparkPostProvider

PROVIDERS: tuple[Provider, ...] = (
    SmtpProvider(),
    EngageLabProvider(),
    SesProvider(),
    BrevoProvider(),
    MailgunProvider(),
    MailjetProvider(),
    PostmarkProvider(),
    ResendProvider(),
    SendGridProvider(),
    SparkPostProvider(),
    MaildirProvider(),
)
_BY_NAME = {provider.name: provider for provider in PROVIDERS}


def get_provider(name: str) -> Provider:
    """Raises ServiceError (needs a person) for a name that no provider has."""
    try:
        return _BY_NAME[name]
    except KeyError:
        known = ", ".join(sorted(_BY_NAME))
        raise ServiceError(
            gettext_noop("There is no provider %(name)s; choose one of %(known)s.")
            % {"name": f"{name!r}", "known": known},
            needs_person=True,
        ) from None


def find_provider(name: str) -> Provider | None:
    """None for a name that no provider has."""
    return _BY_NAME.get(name)


def idempotency_window(name: str) -> dt.timedelta:
    """How long this provider de-duplicates by our key; nothing for one that does not, or is
    unknown.
    """
    provider = find_provider(name)
    return dt.timedelta(seconds=provider.idempotency_window_seconds if provider else 0)


def provider_choices() -> list[tuple[str, str]]:
    """(name, label) of what staff may choose: those for development only while DEBUG is on."""
    return [
        (provider.name, gettext(provider.label))
        for provider in PROVIDERS
        if settings.DEBUG or not provider.development_only
    ]
