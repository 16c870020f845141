"""From an email service to a transport: find the provider, decrypt its settings."""

from __future__ import annotations

from typing import Protocol

from dispatch.encryption import decrypt
from dispatch.providers import get_provider
from dispatch.providers.base import Transport


class Connectable(Protocol):
    """What it takes to connect: an EmailService, or a dispatcher's plan of one."""

    @property
    def provider(self) -> str: ...
    @property
    def credentials(self) -> str: ...
    @property
    def domain(self) -> str: ...


def transport_for(service: Connectable) -> Transport:
    """A new, unopened transport. Raises ServiceError (needs a person) when the settings cannot be
    read.
    """
    settings = {**decrypt(service.credentials), "domain": service.domain}
    return get_provider(service.provider).transport(settings)
