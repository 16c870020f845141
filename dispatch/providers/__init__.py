"""The providers there are. A new one is a folder beside this file and a line in PROVIDERS."""

from __future__ import annotations

from django.conf import settings

from dispatch.errors import ServiceError
from dispatch.providers.base import Provider
from dispatch.providers.maildir import MaildirProvider
from dispatch.providers.smtp import SmtpProvider

PROVIDERS: tuple[Provider, ...] = (SmtpProvider(), MaildirProvider())
_BY_NAME = {provider.name: provider for provider in PROVIDERS}


def get_provider(name: str) -> Provider:
    """Raises ServiceError (needs a person) for a name that no provider has."""
    try:
        return _BY_NAME[name]
    except KeyError:
        known = ", ".join(sorted(_BY_NAME))
        raise ServiceError(
            f"There is no provider {name!r}; choose one of {known}.", needs_person=True
        ) from None


def provider_choices() -> list[tuple[str, str]]:
    """(name, label) of what staff may choose: those for development only while DEBUG is on."""
    return [
        (provider.name, provider.label)
        for provider in PROVIDERS
        if settings.DEBUG or not provider.development_only
    ]
