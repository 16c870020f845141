"""From an email service to a transport: find the provider, decrypt its settings."""

from __future__ import annotations

from dispatch.credentials import CredentialsError, decrypt
from dispatch.errors import ServiceError
from dispatch.providers import get_provider
from dispatch.providers.base import Transport


def transport_for(provider: str, credentials: str) -> Transport:
    """A new, unopened transport. Raises ServiceError (needs a person) when the settings cannot be read."""
    try:
        return get_provider(provider).transport(decrypt(credentials))
    except CredentialsError as error:
        raise ServiceError(str(error), needs_person=True) from error
