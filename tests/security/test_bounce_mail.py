"""What anybody on the internet may send to the bounce mailbox costs what its size is worth."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dispatch.bounces import mail
from dispatch.bounces.examining import MAX_FOUND, MAX_REPORT, examine
from dispatch.bounces.mailboxes.base import READ_BYTES
from dispatch.bounces.understanding import SetAside, understand
from sandbox import LimitReached, pool
from tests.security.scaling import assert_linear
from tracking.event_kinds import EventKind

BOUNCE = (
    b"From: MAILER-DAEMON@mx.example\nReturn-Path: <>\n"
    b"To: bounces+aaaaaaaaaaaaaaaaaaaaaaaaaaaaa@bounce.example\n"
)


def repeated(piece: bytes, headers: bytes = b"") -> Callable[[int], bytes]:
    """Makes a bounce whose body is this piece again and again."""
    return lambda size: BOUNCE + headers + b"\n" + piece * (size // len(piece))


def header(start: bytes, piece: bytes) -> Callable[[int], bytes]:
    """Makes a bounce with a header that is this piece again and again."""
    return lambda size: start + piece * (size // len(piece)) + b"\n" + BOUNCE + b"\nhello"


ATTACKS = {
    "commas": repeated(b","),
    "line feeds": repeated(b"\n"),
    "carriage returns": repeated(b"\r"),
    "commas and line feeds": repeated(b",\n"),
    "addresses without end": repeated(b",a@"),
    "addresses": repeated(b"<a@b.example>: no such user\n"),
    "angle brackets": repeated(b"<"),
    "angle brackets in HTML": repeated(b"<", b"Content-Type: text/html\n"),
    "quotation marks of mail": repeated(b"> "),
    "dashes": repeated(b"-"),
    "names of headers": repeated(b"Message-ID:\n"),
    "words of a Chinese bounce": repeated("退信原因 ".encode()),
    "what a warning begins with": repeated(b"Your message to:\n" + b"a" * 900 + b"\n"),
    "parts": repeated(b"--b\n\nx\n", b"Content-Type: multipart/mixed; boundary=b\n"),
    "reports": repeated(
        b"--b\nContent-Type: message/delivery-status\n\nAction: failed\n\nAction: failed\n\n",
        b"Content-Type: multipart/report; boundary=b\n",
    ),
    "recipients": repeated(b"Action: failed\n\n", b"Content-Type: message/delivery-status\n"),
    "blank lines of a report": repeated(b"\n", b"Content-Type: message/delivery-status\n"),
    "blank lines of a report of a part": repeated(
        b"--b\nContent-Type: message/delivery-status\n\n" + b"\n" * 900,
        b"Content-Type: multipart/report; boundary=b\n",
    ),
    "blank lines of a complaint": repeated(b" \n", b"Content-Type: message/feedback-report\n"),
    "recipients in plain words": repeated(b"<a@b.example>: undeliverable\n<c@d.example>: x\n"),
    "recipients of a copy": repeated(
        b"a@b.example, ", b"Subject: failure notice\n\n<a@b>: x\n\nReceived: x\nTo: "
    ),
    "brackets of a report of SES": repeated(b"[", b"x-amz-sns-message-id: 1\n"),
    "objects of a report of SES": repeated(b'{"mail":', b"x-amz-sns-message-id: 1\n"),
    "broken lines of a report of SES": repeated(b"!\n ", b"x-amz-sns-message-id: 1\n"),
    "base64": repeated(b"QUFB\n", b"Content-Transfer-Encoding: base64\n"),
    "soft line ends": repeated(b"=\n", b"Content-Transfer-Encoding: quoted-printable\n"),
    "punycode": repeated(b"\xffa-", b"Content-Type: text/plain; charset=punycode\n"),
    "IDNA": repeated(b"\xffa.", b"Content-Type: text/plain; charset=idna\n"),
    "headers": header(b"", b"A: b\n"),
    "folded lines of a header": header(b"A: b\n", b" c\n"),
    "parameters": header(b"Content-Type: multipart/mixed", b";"),
    "parameters in quotation marks": header(b'Content-Type: multipart/mixed; a="', b";"),
    "comments of failed recipients": header(b"X-Failed-Recipients: ", b"(a)"),
    "senders": header(b"From: ", b"a@b.example,"),
    "encoded words": header(b"Subject: ", b"=?utf-8?q?a?= "),
    "references": header(b"References: ", b"<1.0123456789abcdef@x.example> "),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_time_to_read_a_letter_grows_as_the_letter_does(attack: str) -> None:
    assert_linear(examine, ATTACKS[attack], largest=READ_BYTES, raises=(LimitReached,))


def test_more_boundaries_than_a_report_has_are_refused_before_they_are_looked_for() -> None:
    nested = b"".join(
        b"Content-Type: multipart/mixed; Boundary=b%d\n\n--b%d\n" % (n, n) for n in range(51)
    )
    assert understand(nested) == SetAside("has more than 50 boundaries")


def test_more_parts_than_a_report_has_are_refused_before_they_are_made() -> None:
    digest = b"Content-Type: multipart/digest; boundary=b\n\n" + b"--b\n\n\n" * 5_001
    assert understand(digest) == SetAside("has more than 5,000 parts")


@pytest.mark.parametrize("kind", ["delivery-status", "global-delivery-status", "feedback-report"])
def test_no_message_is_made_of_each_blank_line_of_a_report(kind: str) -> None:
    raw = f"Content-Type: message/{kind}\n\n".encode() + b"\n" * 10_000
    parsed = mail.parse(raw)
    assert isinstance(parsed.get_payload(), str)
    assert mail.blocks(parsed) == []


def test_blank_lines_keep_no_report_from_being_read() -> None:
    status = b"Reporting-MTA: dns; mx.example\n" + b" \n\n" * 500 + b"Action: failed\n"
    found = examine(BOUNCE + b"Content-Type: message/delivery-status\n\n" + status)
    assert found.kind == EventKind.SOFT_BOUNCED


def test_messages_within_messages_are_set_aside_with_the_reason() -> None:
    raw = b"Content-Type: message/rfc822\n\n" * 5_000
    assert understand(raw) == SetAside("is nested too deeply")


def test_comments_within_comments_of_a_sender_are_set_aside_with_the_reason() -> None:
    raw = b"From: " + b"(" * 100_000 + b"\n\nhello"
    assert isinstance(understand(raw), SetAside)


def test_what_is_found_in_a_letter_is_bounded() -> None:
    ids = b"".join(b"Message-ID: <%d.0123456789abcdef@x.example>\n" % n for n in range(5_000))
    report = b"Content-Type: message/delivery-status\n\nAction: failed\n" + b"X: y\n\n" * 20_000
    found = examine(
        BOUNCE + b"Content-Type: multipart/report; boundary=b\n\n--b\n\n" + ids + b"--b\n" + report
    )
    assert len(found.ids) == MAX_FOUND
    assert sum(len(each) for each in found.kept["report"]) <= MAX_REPORT


def test_a_letter_is_read_in_a_worker() -> None:
    assert not pool.is_worker
    assert hasattr(examine, "__sandbox__")
