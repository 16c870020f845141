"""What a provider is: a declared form of settings, and a transport that hands over one message at a
time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_noop

from dispatch.message.message import Accepted, Message
from dispatch.providers.hooks import Post
from tracking.events.incoming import Incoming


class Transport(ABC):
    """A connection to a provider, used by one thread at a time.

    Every method may raise `dispatch.errors.ServiceError`; no other exception than those of
    `dispatch.errors` leaves it.
    """

    @abstractmethod
    def open(self) -> None:
        """Connect and authenticate unless that was done already and the connection still lives."""

    @abstractmethod
    def send(self, message: Message, starting: Callable[[], None]) -> Accepted:
        """Hand over one message on the open connection.

        Calls `starting` once, at the last moment before the first byte about this message leaves;
        everything that can be prepared is prepared before it. `starting` may wait for the slot, and
        may raise: then nothing was handed over, and what it raised is passed on as it is, with the
        connection still usable. Raises RecipientError, MessageError or ServiceError (definitely not
        accepted) or OutcomeUnknown.
        """

    @abstractmethod
    def close(self) -> None:
        """Disconnect; never raises, may be called twice."""


class Provider(ABC):
    """A kind of service that staff can choose. `settings` is what `settings_form` cleaned,
    decrypted.

    `idempotency_window_seconds` is how long it answers a repeated `Message.idempotency_key` without
    sending again; 0 when it does not de-duplicate.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    settings_form: ClassVar[type[forms.Form]]
    secret_fields: ClassVar[frozenset[str]] = frozenset()
    place_fields: ClassVar[frozenset[str]] = frozenset()
    """Which settings say where the secrets are sent, and how safely: with other ones staff must
    enter the secrets again.
    """
    idempotency_window_seconds: ClassVar[int] = 0
    development_only: ClassVar[bool] = False
    takes_webhooks: ClassVar[bool] = False
    webhook_secrets: ClassVar[tuple[str, ...]] = ()
    """The settings without which no event is taken: an address alone proves nothing, as it stands
    in the logs of proxies.
    """
    tells_quota: ClassVar[bool] = False
    """Whether `describe_connection` says how much of a quota is used."""
    largest_message: ClassVar[int] = 0
    """Octets of a whole message as it travels, or of its files where only those are limited; 0 when
    no limit is known."""
    attachment_endings: ClassVar[frozenset[str]] = frozenset()
    """The endings of names of files that it takes; none when it takes all."""
    takes_return_path: ClassVar[bool] = False
    """Whether it sends bounces to the address that a message names for them."""

    def missing_webhook_secrets(self, settings: Mapping[str, Any]) -> list[str]:
        """The labels of those settings that events wait for."""
        fields = self.settings_form.base_fields
        return [
            str(fields[name].label or name.replace("_", " "))
            for name in self.webhook_secrets
            if not settings.get(name)
        ]

    def most_octets(self, settings: Mapping[str, Any]) -> int:
        """`largest_message` of a service with these settings."""
        return self.largest_message

    @property
    def sent_secrets(self) -> frozenset[str]:
        """The secrets that are sent there. Those of webhooks only judge what comes in."""
        return self.secret_fields - frozenset(self.webhook_secrets)

    @abstractmethod
    def transport(self, settings: Mapping[str, Any]) -> Transport:
        """A new, unopened transport for one thread."""

    def incoming(self, post: Post) -> list[Incoming]:
        """The events in a request to the webhook address of one of its services. Raises
        `hooks.WebhookRejection` when it was not the provider who sent it, `hooks.Malformed` when
        it makes no sense.
        """
        raise NotImplementedError

    def describe_connection(self, settings: Mapping[str, Any]) -> str:
        """Connect once and say in a sentence what answered. Raises ServiceError."""
        transport = self.transport(settings)
        try:
            transport.open()
        finally:
            transport.close()
        return gettext_noop("The connection works.")
