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


def at_once() -> None:
    """A `starting` that waits for nothing."""


def smtp_transport(port: int, **settings: Any) -> SmtpTransport:
    chosen = {"security": "none", "timeout": 0.4, "reply_timeout": 0.4, **settings}
    return SmtpTransport(SmtpSettings(host="localhost", port=port, **chosen))
