"""Messages and transports for the tests of the providers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from campaigns.rendering.content import Rendered
from campaigns.rendering.precompiled import Pieces
from dispatch.message.message import Message
from dispatch.providers.smtp.client import SmtpSettings
from dispatch.providers.smtp.transport import SmtpTransport

MESSAGE = Message(
    message_id="<4711.a1b2c3@news.example.com>",
    from_email="hello@news.example.com",
    from_name="Example News",
    to_email="ann@example.org",
    to_name="Ann",
    rendered=Rendered("Spring sale", Pieces.of("<p>Hello Ann</p>"), Pieces.of("Hello Ann")),
)


def a_message(
    *, subject: str | None = None, html: str | None = None, text: str | None = None, **changes: Any
) -> Message:
    usual = MESSAGE.rendered
    rendered = Rendered(
        usual.subject if subject is None else subject,
        usual.html_pieces if html is None else Pieces.of(html),
        usual.text_pieces if text is None else Pieces.of(text),
    )
    return replace(MESSAGE, **{"rendered": rendered, **changes})


def patience(*misdeeds: str) -> float:
    """Seconds worth waiting for a server that misbehaves so."""
    return 0.3 if any("hang" in misdeed for misdeed in misdeeds) else 10


def at_once() -> None:
    """A `starting` that waits for nothing."""


def smtp_transport(port: int, *, patience: float = 10, **settings: Any) -> SmtpTransport:
    """`patience` is both time-outs, in seconds; short only where one is meant to pass."""
    chosen = {"security": "none", "timeout": patience, "reply_timeout": patience, **settings}
    return SmtpTransport(SmtpSettings(host="localhost", port=port, **chosen))
