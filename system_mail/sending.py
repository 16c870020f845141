"""Send one mail to a member of staff. Call it outside of any transaction: it waits for a server."""

from __future__ import annotations

from smtplib import SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

LONGEST_SUBJECT = 200


class NotSent(Exception):
    """The mail server did not take it; the text says what it said. With `for_good`, it refuses this
    address, and trying again is of no use."""

    def __init__(self, text: str, *, for_good: bool = False) -> None:
        super().__init__(text)
        self.for_good = for_good


def is_configured() -> bool:
    return bool(settings.EMAIL_HOST)


def send(to: str, subject: str, text: str, *, message_id: str = "") -> None:
    """Hand a plain text over to the mail server, on a connection of its own; every wait is at most
    EMAIL_TIMEOUT seconds. The same `message_id` makes a repetition known to mailboxes. Raises
    NotSent.
    """
    headers = {"Auto-Submitted": "auto-generated"}
    if message_id:
        headers["Message-ID"] = message_id
    try:
        message = EmailMessage(
            " ".join(subject.split())[:LONGEST_SUBJECT],
            text,
            settings.DEFAULT_FROM_EMAIL,
            [to],
            headers=headers,
            connection=get_connection(timeout=settings.EMAIL_TIMEOUT),
        )
        message.send()
    except SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        raise NotSent(_said(code, reply), for_good=code >= 500) from error
    except SMTPResponseException as error:
        raise NotSent(_said(error.smtp_code, error.smtp_error)) from error
    except (OSError, ValueError) as error:  # smtplib's errors among them; headers that cannot be
        raise NotSent(str(error) or type(error).__name__) from error


def _said(code: int, reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return f"{code} {text}"[:500]
