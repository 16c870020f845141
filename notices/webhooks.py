"""Post a notice to an address that staff entered, signed as Standard Webhooks says.

Only to public addresses, judged when the connection is made; by https, outside of development. No
redirect is followed: a proxy's page to sign in is no delivery.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import socket
import ssl
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from dispatch import network
from dispatch.providers.http.connection import PromptResponse
from notices.models import Why

PREFIX = "whsec_"
SECRET_BYTES = 32
TIMEOUT_SECONDS = 15.0
"""To connect, to write and to answer, each."""
GONE = 410
"""The receiver wants no more, by the specification."""


class NotDelivered(Exception):
    """`said` is what the receiver or the network said; it asks for a pause of `at_least` seconds;
    one that `is_gone` wants no more."""

    def __init__(
        self, why: Why, said: str = "", *, at_least: float = 0, is_gone: bool = False
    ) -> None:
        super().__init__(f"{why}: {said}")
        self.why, self.said, self.at_least, self.is_gone = why, said, at_least, is_gone


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Raises ValueError for what is no secret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(PREFIX) from error
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.digest(key, signed, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode("ascii")


def check_url(url: str) -> None:
    """Raises ValidationError for what is no address of a webhook by its form."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValidationError(_("This is not an address.")) from None
    schemes = ("https", "http") if settings.DEBUG else ("https",)
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        raise ValidationError(_("Enter an address that begins with https://."))
    if parts.username is not None or parts.fragment:
        raise ValidationError(_("Enter it without a name, a password and a #."))
    if not url.isascii() or any(each.isspace() or not each.isprintable() for each in url):
        raise ValidationError(_("Enter it in ASCII, without spaces, as browsers copy it."))


def post(url: str, secret: str, message_id: str, timestamp: int, body: bytes) -> None:
    """One attempt. Any answer of 200 to 299 means that it arrived. Raises NotDelivered."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "EDM-Dispatch",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secret, message_id, timestamp, body),
    }
    try:
        answer = _answer(url, body, headers)
    except network.AddressForbidden as error:
        raise NotDelivered(Why.NOT_PUBLIC, urlsplit(url).hostname or "") from error
    except (OSError, HTTPException, UnicodeError) as error:
        raise NotDelivered(Why.UNREACHABLE, str(error) or type(error).__name__) from error
    if not 200 <= answer.status < 300:
        raise NotDelivered(
            Why.ANSWER,
            str(answer.status),
            at_least=_seconds(answer.headers.get("Retry-After", "")),
            is_gone=answer.status == GONE,
        )


def _seconds(text: str) -> float:
    """Of Retry-After; 0 for a date, which few send."""
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _answer(url: str, body: bytes, headers: dict[str, str]) -> HTTPResponse:
    """Of the answer no more is read than its head, before one deadline."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    connection = _connection(parts.scheme, parts.hostname or "", parts.port)
    try:
        connection.request("POST", target, body, headers)
        return connection.getresponse()
    finally:
        connection.close()


def _connection(scheme: str, host: str, port: int | None) -> HTTPConnection:
    made: HTTPConnection = (
        _Secure(host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
        if scheme == "https"
        else _Plain(host, port, timeout=TIMEOUT_SECONDS)
    )
    made.response_class = PromptResponse
    return made


def _connect(connection: HTTPConnection) -> socket.socket:
    return network.connect(
        connection.host, connection.port, TIMEOUT_SECONDS, network.is_open_to_webhooks
    )


class _Plain(HTTPConnection):
    def connect(self) -> None:
        self.sock = _connect(self)


class _Secure(HTTPSConnection):
    _context: ssl.SSLContext

    def connect(self) -> None:
        self.sock = self._context.wrap_socket(_connect(self), server_hostname=self.host)
