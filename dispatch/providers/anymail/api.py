"""What django-anymail has to know of a provider's API to hand messages over to it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from anymail.backends.base_requests import AnymailRequestsBackend

from dispatch.message.message import Message
from dispatch.providers.http.transport import HttpProvider


class AnymailApi(HttpProvider):
    """The part of a provider that its transport reads."""

    backend: ClassVar[type[AnymailRequestsBackend]]
    accepts_with: ClassVar[frozenset[int]] = frozenset({200, 201, 202})
    """The HTTP status of an acceptance."""
    switches_tracking: ClassVar[bool] = False
    """Whether its own tracking of opens and clicks can be switched off for a message."""
    refused_headers: ClassVar[frozenset[str]] = frozenset()
    """Headers of a campaign's messages, in lower case, with which it refuses a message."""
    idempotency_header: ClassVar[str] = ""
    """The header of the request by whose value it de-duplicates, where it does by a header."""
    fills_in_braces: ClassVar[bool] = False
    """Whether it takes `{{name}}` in a message for a variable."""

    @abstractmethod
    def backend_options(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of its backend."""

    def http_headers(self, message: Message) -> dict[str, str]:
        """Headers of the request beyond those of its backend."""
        if not self.idempotency_header or not message.idempotency_key:
            return {}
        return {self.idempotency_header: message.idempotency_key}

    def mail_headers(self, message: Message) -> dict[str, str]:
        """Headers of the message that tell the provider something."""
        return {}

    def esp_extra(self, message: Message) -> dict[str, Any]:
        """What else goes into the request."""
        return {}
