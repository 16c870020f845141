"""Hand messages to a relay over a connection that is kept alive between them."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable
from typing import TypeVar

from django.utils.translation import gettext_noop

from dispatch.errors import DeliveryError, RecipientError, ServiceError
from dispatch.message.headers import Envelope, as_data, envelope
from dispatch.message.message import Accepted, Message
from dispatch.providers.base import Transport
from dispatch.providers.echoes import hidden, readable, repeats
from dispatch.providers.smtp.client import Phase, SmtpClient, SmtpSettings
from dispatch.providers.smtp.replies import accepted_id, classify, lost, parse

IDLE_CHECK_AFTER = (
    5.0  # seconds without traffic after which NOOP asks whether the server is still there
)
FRESH_FOR = 1.0  # seconds after connecting during which a drop is not put down to old age
GOODBYE_TIMEOUT = 2.0  # seconds to wait for the reply to QUIT
# After a refusal in one of these the server listens for the next command.
REUSABLE_AFTER = frozenset({Phase.IDLE, Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.FINAL_DOT})

T = TypeVar("T")


class SmtpTransport(Transport):
    """One connection to one relay."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._client: SmtpClient | None = None
        self._pipelining = True
        self._messages = 0
        self._used_at = 0.0

    def open(self) -> None:
        if self._client is not None and not self._is_usable(self._client):
            self.close()
        if self._client is None:
            self._connect()

    def send(self, message: Message, starting: Callable[[], None]) -> Accepted:
        """See Transport. Only a failure after the final dot was written leaves the outcome unknown.

        The final dot is the last that is written, and it is known of each write how far it got.
        Until the dot has left, a server must drop what it has (RFC 5321, 4.1.1.10), so a connection
        lost while the body travels is a definite failure, and so is any 4yz or 5yz reply after the
        dot.
        """
        addresses = envelope(message)
        data = as_data(message)
        self.open()
        self._check_reach(addresses)
        starting()
        self._start_message(addresses, len(data))
        code, reply = self._guarded(lambda client: client.finish_message(data))
        self._used_at = time.monotonic()
        told = readable(hidden(reply, [self._settings.password]))
        return Accepted(provider_message_id=accepted_id(reply), code=code, reply=told)

    def close(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        try:
            if not client.has_news():
                client.say_goodbye(GOODBYE_TIMEOUT)
        except OSError:
            pass  # it is gone either way
        finally:
            client.close()

    def describe(self) -> str:
        """Who answered and how the connection is secured; on an open connection."""
        client = self._client
        if client is None:
            return gettext_noop("Not connected.")
        secured = client.tls_version() or gettext_noop("without encryption")
        text = gettext_noop("%(host)s:%(port)s answered, %(reason)s.")
        if self._settings.user:
            text = gettext_noop("%(host)s:%(port)s answered, %(reason)s, logged in as %(user)s.")
        return text % {
            "host": self._settings.host,
            "port": self._settings.port,
            "reason": secured,
            "user": self._settings.user,
        }

    def announced_octets(self) -> int:
        """The largest message that the server says it takes (RFC 1870); 0 when it names none."""
        named = self._client.esmtp_features.get("size", "") if self._client else ""
        return int(named) if named.isascii() and named.isdigit() and len(named) < 16 else 0

    def _is_usable(self, client: SmtpClient) -> bool:
        """Whether the next message can go over the connection; settles what the last one left
        behind.
        """
        if self._messages >= self._settings.messages_per_connection or client.has_news():
            return False
        try:
            if client.phase not in (Phase.IDLE, Phase.DONE):
                client.reset()
            elif time.monotonic() - self._used_at > IDLE_CHECK_AFTER:
                client.ping()
        except OSError:
            client.close()
            return False
        self._used_at = time.monotonic()
        return True

    def _connect(self) -> None:
        self._client = SmtpClient(self._settings, pipelining=self._pipelining)
        self._messages = 0
        self._guarded(lambda client: client.establish())
        self._used_at = time.monotonic()

    def _start_message(self, addresses: Envelope, size: int) -> None:
        """MAIL, once more on a new connection when the kept one turns out to be dead.

        `starting` may have waited for longer than the server keeps an idle connection. No server
        delivers what has no final dot, so repeating it is safe, and a connection that died of old
        age must not count against the service.
        """
        was_kept = self._messages > 0 or time.monotonic() - self._used_at > FRESH_FOR
        try:
            self._mail(addresses, size)
        except ServiceError:
            if self._client is not None or not was_kept:
                raise
            self._connect()
            self._check_reach(addresses)
            self._mail(addresses, size)

    def _check_reach(self, addresses: Envelope) -> None:
        client = self._client
        if addresses.needs_utf8 and client is not None and not client.has_extn("smtputf8"):
            raise RecipientError(
                gettext_noop(
                    "The server cannot take internationalised addresses (it does not offer "
                    "SMTPUTF8), such as %(recipient)s."
                )
                % {"recipient": addresses.recipient},
                permanent=True,
            )

    def _mail(self, addresses: Envelope, size: int) -> None:
        self._messages += 1
        self._guarded(lambda client: client.start_message(addresses, size))

    def _guarded(self, step: Callable[[SmtpClient], T]) -> T:
        """What `step` returns, or its failure as a DeliveryError; closes a connection that can
        carry no more messages.
        """
        client = self._client
        if client is None:
            raise ServiceError(gettext_noop("The connection is not open."))
        try:
            return step(client)
        except smtplib.SMTPNotSupportedError as error:
            self._abandon()
            raise ServiceError(readable(str(error)), needs_person=True) from error
        except smtplib.SMTPResponseException as error:
            self._pipelining = client.pipelining
            if client.phase not in REUSABLE_AFTER or error.smtp_code == 421:
                self._abandon()
            raise self._refusal(client.phase, error) from error
        except (OSError, UnicodeError) as error:
            self._abandon()
            raise lost(client.phase, error) from error

    def _abandon(self) -> None:
        """Close without the courtesy of QUIT."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _refusal(self, phase: Phase, error: smtplib.SMTPResponseException) -> DeliveryError:
        raw = error.smtp_error
        enhanced, text = parse(raw if isinstance(raw, str) else raw.decode("utf-8", "replace"))
        if phase is Phase.AUTH and repeats(text, self._settings.password):
            text = gettext_noop(
                "The server refused the login; its reply repeats the credentials and is not kept."
            )
        text = hidden(text, [self._settings.password])
        return classify(phase, error.smtp_code, enhanced, text)
