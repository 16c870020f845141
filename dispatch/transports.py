"""From an email service to a transport: find the provider, decrypt its settings."""

from __future__ import annotations

from dispatch.credentials import decrypt
from dispatch.providers import get_provider
from dispatch.providers.base import Transport


def transport_for(provider: str, credentials: str) -> Transport:
    """A new, unopened transport. Raises ServiceError (needs a person) when the settings cannot be read."""
    return get_provider(provider).transport(decrypt(credentials))
