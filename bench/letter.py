"""The message that every sender sends: the newsletter of the tests, with three merge variables.

The product launches it as a template. The alternatives render the same compiled content with plain
python-liquid, and Django makes the message.
"""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import NamedTuple

import liquid
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

from bench.rig.programs import BASE
from campaigns.rendering import content

SUBJECT = "Spring news for {{ first_name }}"
COMPANY = "Example Ltd"
FROM = "Example News <news@bench.example.com>"
SOURCE = Path(BASE) / "tests" / "data" / "newsletter.html"

_of_thread = threading.local()


class Letter(NamedTuple):
    """Its parts, ready to render."""

    subject: liquid.BoundTemplate
    text: liquid.BoundTemplate
    html: liquid.BoundTemplate


def html() -> str:
    return SOURCE.read_text(encoding="utf-8")


@cache
def letter() -> Letter:
    plain, escaping = liquid.Environment(), liquid.Environment(autoescape=True)
    return Letter(
        plain.from_string(SUBJECT),
        plain.from_string(content.compile_text(html())),
        escaping.from_string(content.compile_html(html())),
    )


def address(number: int) -> str:
    return f"person{number}@example.com"


def variables(number: int) -> dict[str, str]:
    return {
        "first_name": f"Person {number}",
        "company": COMPANY,
        "email": address(number),
        "name": f"Person {number}",
    }


def message(recipient: str, values: dict[str, str]) -> EmailMultiAlternatives:
    parts = letter()
    made = EmailMultiAlternatives(
        parts.subject.render(values), parts.text.render(values), FROM, [recipient]
    )
    made.attach_alternative(parts.html.render(values), "text/html")
    return made


def send(recipient: str, values: dict[str, str]) -> None:
    """Send one message over the connection that this thread keeps."""
    open_connection().send_messages([message(recipient, values)])


def open_connection() -> BaseEmailBackend:
    """This thread's connection, kept alive."""
    if not hasattr(_of_thread, "connection"):
        _of_thread.connection = mail.get_connection()
        _of_thread.connection.open()
    kept: BaseEmailBackend = _of_thread.connection
    return kept
