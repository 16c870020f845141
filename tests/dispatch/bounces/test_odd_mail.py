"""Reports that are not quite as their standards want them."""

from __future__ import annotations

import base64
import re

import pytest

from dispatch.bounces.understanding import AUTOMATIC_REPLY, NO_REPORT, Told, understand
from tests.dispatch.bounces.samples import sample
from tracking.event_kinds import EventKind


def kind_of(raw: bytes) -> EventKind:
    meaning = understand(raw)
    assert isinstance(meaning, Told), meaning
    assert meaning.event.subtask_id == 7
    return meaning.event.kind


def test_a_report_in_base64_is_read() -> None:
    raw = sample("postfix-unknown-user", 7)
    kind = b"Content-Type: message/delivery-status\n"
    before, _, rest = raw.partition(kind)
    fields, _, after = rest.partition(b"\n\n--")
    encoded = base64.encodebytes(fields)
    header = kind + b"Content-Transfer-Encoding: base64\n\n"
    raw = before + header + encoded + b"\n--" + after
    assert b"Final-Recipient" not in raw
    assert kind_of(raw) == EventKind.HARD_BOUNCED


def test_a_header_with_bytes_that_are_no_ascii_keeps_no_bounce_from_being_recognised() -> None:
    raw = sample("qmail", 7)
    assert b"Subject: failure notice" in raw
    raw = raw.replace(b"failure notice", b"\xca\xa7\xb0\xdc failure notice", 1)
    assert kind_of(raw) == EventKind.HARD_BOUNCED


@pytest.mark.parametrize("charset", [b"", b"; charset=gb18030"])
def test_a_chinese_bounce_is_read_whether_or_not_it_says_its_charset(charset: bytes) -> None:
    raw = sample("netease-mailbox-full", 7).decode().encode("gb18030")
    raw = raw.replace(b'; charset="utf-8"', charset)
    assert kind_of(raw) == EventKind.SOFT_BOUNCED


def test_who_is_no_mail_server_gives_no_mail_back_in_chinese() -> None:
    raw = sample("qq-unknown-user", 7).replace(b"PostMaster@qq.com", b"ada@qq.com")
    assert understand(raw) == NO_REPORT


@pytest.mark.parametrize("line", [b"", b"Feedback-Type:\n"])
def test_a_report_about_a_message_that_does_not_say_what_it_is_counts_as_a_complaint(
    line: bytes,
) -> None:
    raw = sample("yahoo-complaint", 7).replace(b"Feedback-Type: abuse\n", line)
    assert kind_of(raw) == EventKind.COMPLAINED


def test_a_report_that_does_not_say_why_is_read_with_what_is_said_before_it() -> None:
    raw = sample("postfix-unknown-user", 7)
    raw = re.sub(rb"(?m)^Diagnostic-Code:.*\n .*\n", b"", raw)
    raw = raw.replace(b"Status: 5.1.1", b"Status: 5.0.0")
    assert raw.count(b"User unknown") == 1
    assert kind_of(raw) == EventKind.HARD_BOUNCED


def test_what_came_to_a_return_path_is_a_bounce_whoever_it_is_from() -> None:
    raw = sample("qmail", 7).replace(b"Return-Path: <>\n", b"")
    raw = re.sub(rb"(?m)^From: .*$", b"From: mail-service@receiver.example", raw, count=1)
    assert kind_of(raw) == EventKind.HARD_BOUNCED


def test_a_vacation_reply_that_came_to_a_return_path_is_none() -> None:
    raw = sample("vacation-german", 7).replace(b"Return-Path: <>\n", b"")
    assert understand(raw) == AUTOMATIC_REPLY


def test_the_words_of_the_server_that_refused_go_before_the_status_of_the_one_that_reports() -> (
    None
):
    raw = sample("postfix-unknown-user", 7)
    raw = re.sub(
        rb"(?m)^Diagnostic-Code:.*\n .*\n", b"Diagnostic-Code: smtp; 552 5.2.2 Over quota\n", raw
    )
    assert b"Status: 5.1.1" in raw
    assert kind_of(raw) == EventKind.SOFT_BOUNCED


def report(*recipients: tuple[str, str]) -> bytes:
    """A bounce of a message to ada@receiver.example, about these recipients with these replies."""
    blocks = "\n".join(
        f"Final-Recipient: rfc822; {address}\nAction: failed\nStatus: 5.0.0\n"
        f"Diagnostic-Code: smtp; {reply}\n"
        for address, reply in recipients
    )
    return (
        sample("postfix-unknown-user")
        .replace(
            sample("postfix-unknown-user").partition(b"Final-Recipient:")[2].partition(b"\n--")[0],
            b"PLACE",
        )
        .replace(b"Final-Recipient:PLACE", blocks.encode())
    )


def test_of_several_recipients_the_one_of_the_message_is_judged() -> None:
    full = ("bob@receiver.example", "452 4.2.2 mailbox full")
    unknown = ("ada@receiver.example", "550 5.1.1 user unknown")
    assert kind_of(report(full, unknown)) == EventKind.HARD_BOUNCED


def test_of_several_recipients_another_is_not_held_against_the_message() -> None:
    full = ("ada@receiver.example", "452 4.2.2 mailbox full")
    unknown = ("bob@receiver.example", "550 5.1.1 user unknown")
    assert kind_of(report(full, unknown)) == EventKind.SOFT_BOUNCED


@pytest.mark.parametrize(
    "subject",
    [b"Undeliverable: What is new in February", b"Mail delivery failed", b"unsubscribe"],
)
def test_what_is_marked_as_an_automatic_reply_and_says_more_is_not_passed_over(
    subject: bytes,
) -> None:
    raw = sample("vacation-english-rfc3834", 7)
    raw = re.sub(rb"(?m)^Subject: .*$", b"Subject: " + subject, raw, count=1)
    assert b"Auto-Submitted: auto-replied" in raw
    assert understand(raw) != AUTOMATIC_REPLY
