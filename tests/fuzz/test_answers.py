"""What mail servers and providers answer."""

from __future__ import annotations

from dispatch.providers.http.connection import LONGEST_ANSWER
from tests.fuzz import readers
from tests.fuzz.door import Door, attack

SMTP = Door(
    readers.read_smtp_reply,
    samples=(
        b"250 2.0.0 Ok: queued as 4C1B22A0F\r\n",
        b"250-mx.example\r\n250-SIZE 35882577\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
        b"550-5.1.1 The email account that you tried to reach does not exist.\r\n"
        b"550 5.1.1 https://support.example/mail/?p=NoSuchUser x1si123.42 - gsmtp\r\n",
        b"421 4.7.0 Try again later, closing connection.\r\n",
        b"452 4.2.2 Mailbox full\r\n",
        b"554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using spamhaus\r\n",
    ),
    words=(b"250-", b"250 ", b"5.1.1 ", b"\r\n250-", b"queued as ", b"user ", b"mailbox "),
    raises=(OSError,),
)
HTTP = Door(
    readers.read_http_answer,
    samples=(
        b'Retry-After: 30\nDate: Tue, 03 Feb 2026 10:00:00 GMT\n\n{"error": {"code": 1, "message": '
        b'"The sender is not verified"}}',
        b"Content-Type: text/html\n\n<html><style>p {}</style><body><h1>502 Bad Gateway</h1>",
        b'Retry-After: Tue, 03 Feb 2026 10:00:00 GMT\n\n{"errors": [{"message": "unauthorized"}]}',
    ),
    words=(b"<style", b"</style>", b"<!--", b'{"message":', b"[[", b"hostname ", b"<script>"),
    largest=LONGEST_ANSWER,
)


def test_replies_of_mail_servers() -> None:
    attack(SMTP)


def test_answers_of_providers() -> None:
    attack(HTTP)
