"""Messages and transports for the tests of the providers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dispatch.providers.base import Message
from dispatch.providers.smtp.client import SmtpSettings
from dispatch.providers.smtp.transport import SmtpTransport

MESSAGE = Message(
    message_id="<4711.a1b2c3@news.example.com>",
    from_email="hello@news.example.com",
    from_name="Example News",
    to_email="ann@example.org",
    to_name="Ann",
    subject="Spring sale",
    text="Hello Ann",
    html="<p>Hello Ann</p>",
)


def a_message(**changes: Any) -> Message:
    return replace(MESSAGE, **changes)


def patience(*misdeeds: str) -> float:
    """Seconds worth waiting for a server that misbehaves so."""
    return 0.3 if any("hang" in misdeed for misdeed in misdeeds) else 10


def at_once() -> None:
    """A `starting` that waits for nothing."""


def smtp_transport(port: int, *, patience: float = 10, **settings: Any) -> SmtpTransport:
    """`patience` is both time-outs, in seconds; short only where one is meant to pass."""
    chosen = {"security": "none", "timeout": patience, "reply_timeout": patience, **settings}
    return SmtpTransport(SmtpSettings(host="localhost", port=port, **chosen))
