"""What anybody may send to the bounce mailbox."""

from __future__ import annotations

import random

import pytest

from dispatch.bounces.mailboxes import Letter
from dispatch.bounces.mailboxes.base import READ_BYTES
from dispatch.bounces.reading import _understand
from dispatch.bounces.understanding import (
    EMPTY,
    FORGED,
    NO_REPORT,
    Passed,
    SetAside,
    Told,
    UnsubscribeRequest,
    understand,
)
from tests.dispatch.bounces.samples import NAMES, sample, told
from tracking.events import inbox
from tracking.links.tokens import Purpose, sign


def meaning_of(raw: bytes) -> object:
    return _understand(Letter("1", raw[:READ_BYTES]))


@pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", b"   \n"])
def test_an_empty_message_is_set_aside(raw: bytes) -> None:
    assert meaning_of(raw) == EMPTY


@pytest.mark.parametrize(
    "raw",
    [
        b"From: ada@receiver.example\n\nPlease call me back.",
        b"\x00\xff\xfe\x80" * 1000,
        b"Content-Type: multipart/report; boundary=\n\n--\n--",
        b"Content-Type: message/delivery-status\n\nnonsense",
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n\n--x--",
        b"Content-Type: text/plain; charset=no-such-thing\n\n\xff\xfe",
        b"From: MAILER-DAEMON\nContent-Type: text/plain; charset=\"\x00\"\n\nhello",
        b"Subject: =?utf-8?q?=ff=fe?= =?nonsense?x?=\n\nhello",
        b"Date: Tue, 99 Xyz 99999999999 99:99:99 +9999\nFrom: postmaster\n\nhello",
        b"a" * 2_000_000,
        b"Header: x\n" * 100_000 + b"\nhello",
    ],
)  # fmt: skip
def test_what_is_no_report_is_set_aside(raw: bytes) -> None:
    assert meaning_of(raw) == NO_REPORT


def test_parts_within_parts_without_end_are_survived() -> None:
    raw = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)
    )
    assert meaning_of(raw) == SetAside("has more than 50 boundaries")


def test_messages_within_messages_without_end_are_survived() -> None:
    raw = b"Content-Type: message/rfc822\n\n" * 3000
    assert meaning_of(raw) == SetAside("is nested too deeply")


def test_a_bounce_of_ten_megabytes_is_understood_from_its_beginning() -> None:
    raw = sample("postfix-unknown-user") + b"A" * 10_000_000
    meaning = meaning_of(raw)
    assert isinstance(meaning, Told)


def test_a_report_with_a_million_recipients_is_read_in_part() -> None:
    raw = sample("postfix-unknown-user")
    block = b"\nFinal-Recipient: rfc822; x@example.com\nAction: failed\nStatus: 5.1.1\n"
    raw = raw.replace(b"\nFinal-Recipient:", block * 5_000 + b"\nFinal-Recipient:", 1)
    assert isinstance(meaning_of(raw), Told)


def test_a_bounce_of_a_bounce_is_none_of_our_messages() -> None:
    """We send none: whoever makes them up gets no answer, so that nothing can go in circles."""
    raw = sample("postfix-unknown-user", path="<>", message="<1@mx.relay.example>")
    assert isinstance(meaning_of(raw), SetAside)


@pytest.mark.parametrize("name", NAMES)
def test_damaged_mail_is_survived_and_written_down_all_the_same(name: str, db: None) -> None:
    dice = random.Random(name)
    raw = sample(name)
    for _ in range(25):
        damaged = bytearray(raw)
        for _ in range(dice.randint(1, 40)):
            at = dice.randrange(len(damaged))
            damaged[at : at + dice.randint(0, 5)] = dice.randbytes(dice.randint(0, 5))
        meaning = meaning_of(bytes(damaged[: dice.randint(1, len(damaged))]))
        assert isinstance(meaning, Told | Passed | SetAside | UnsubscribeRequest)
        if isinstance(meaning, Told):
            inbox.accept([meaning.event])


def test_control_characters_and_half_characters_are_kept_out_of_the_database(db: None) -> None:
    raw = sample("postfix-unknown-user").replace(b"User unknown", b"User \x00\xed\xa0\x80 unknown")
    assert inbox.accept([told(raw)]) == 1


def test_a_wish_to_unsubscribe_by_mail_is_understood_when_it_is_signed() -> None:
    token = sign(Purpose.UNSUBSCRIBE, 7)
    assert understand(f"Subject: unsubscribe {token}\n\n".encode() + b"x") == UnsubscribeRequest(7)
    assert understand(f"Subject: unsubscribe {token[:-1]}A\n\nx".encode()) in (
        FORGED,
        UnsubscribeRequest(7),
    )
    assert understand(f"Subject: unsubscribe {'A' * 24}\n\nx".encode()) == FORGED
