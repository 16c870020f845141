"""Delivery status notifications, field by field (RFC 3464)."""

from __future__ import annotations

import pytest

from dispatch.bounces import delivery_status, mail
from dispatch.bounces.delivery_status import Notification
from tracking.event_kinds import EventKind

K = EventKind
ADA, BOB = "ada@receiver.example", "bob@other.example"


def report(*blocks: str, notice: str = "Hello.", to: str = "") -> Notification | None:
    """What a report says with these blocks of fields, after a notice, about a message to `to`."""
    parts = [
        f"Content-Type: text/plain\n\n{notice}\n",
        "Content-Type: message/delivery-status\n\n" + "\n\n".join(blocks) + "\n",
    ]
    if to:
        parts.append(f"Content-Type: message/rfc822\n\nTo: {to}\n\nHi\n")
    head = "Content-Type: multipart/report; boundary=b\n\n"
    raw = head + "".join(f"--b\n{part}\n" for part in parts) + "--b--\n"
    return delivery_status.read(mail.parse(raw.encode()))


def told(*blocks: str, notice: str = "Hello.", to: str = "") -> Notification:
    found = report(*blocks, notice=notice, to=to)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ("Action: delayed", K.DEFERRED),
        ("Action: Delayed", K.DEFERRED),
        ("Action: delivered", K.DELIVERED),
        ("Action: relayed", K.ACCEPTED),
        ("Action: expanded", K.ACCEPTED),
        ("Action: EXPANDED", K.ACCEPTED),
        ("Action: delayed (it is tried again)", K.DEFERRED),
        ("Action: relayed;", K.ACCEPTED),
        ("Action: delivered\nStatus: 5.1.1", K.DELIVERED),
        # The action is none of those that there are: the class of the status tells.
        ("Action: odd\nStatus: 2.0.0", K.DELIVERED),
        ("Action: odd\nStatus: 4.4.1", K.DEFERRED),
        ("Status: 2.1.5", K.DELIVERED),
        ("Status: 4.2.2", K.DEFERRED),
        ("Status: 5.1.1", K.HARD_BOUNCED),
        ("Action: odd", K.SOFT_BOUNCED),
        ("Action: Xdelayed", K.SOFT_BOUNCED),
        # What failed is over, also where the class of its status is 4.
        ("Action: failed\nStatus: 4.4.7", K.SOFT_BOUNCED),
        ("Action: Failed\nStatus: 4.4.7", K.SOFT_BOUNCED),
        ("Action: failed\nStatus: 5.1.1", K.HARD_BOUNCED),
        ("Action: failed\nStatus: 5.7.1", K.REJECTED),
        ("Action: failed\nDiagnostic-Code: smtp; 5.1.1", K.HARD_BOUNCED),
    ],
)
def test_the_action_tells_else_the_status(fields: str, kind: EventKind) -> None:
    assert told(fields).kind == kind


def test_a_block_without_action_and_status_tells_nothing() -> None:
    assert report(f"Final-Recipient: rfc822; {ADA}\nDiagnostic-Code: smtp; 550 no") is None


@pytest.mark.parametrize(
    ("diagnostic", "kind"),
    [
        ("smtp; 552 5.2.2 mailbox full", K.SOFT_BOUNCED),
        ("SMTP; 552 5.2.2 mailbox full", K.SOFT_BOUNCED),
        ("X-Postfix; 552 5.2.2 mailbox full", K.SOFT_BOUNCED),
        ("smtp; 552 the mailbox is full", K.SOFT_BOUNCED),
        ("smtp; 554 5.7.1 blocked", K.REJECTED),
        ("smtp; 5.2.2 sorry", K.SOFT_BOUNCED),
        ("smtp; 550 sorry", K.SOFT_BOUNCED),
        ("smtp; 550", K.HARD_BOUNCED),
        ("smtp; no", K.HARD_BOUNCED),
    ],
)
def test_the_words_of_the_server_that_refused_go_before_the_status(
    diagnostic: str, kind: EventKind
) -> None:
    fields = f"Action: failed\nStatus: 5.1.1\nDiagnostic-Code: {diagnostic}"
    assert told(fields).kind == kind


@pytest.mark.parametrize(
    ("diagnostic", "detail"),
    [
        ("smtp; 550 5.1.1 user unknown", "550 5.1.1 user unknown"),
        ("SMTP;550 5.1.1 user unknown", "550 5.1.1 user unknown"),
        ("X-Unix 1.0;  user unknown", "user unknown"),
        ("550 user; unknown", "unknown"),
        ("<ada>: user unknown; sorry", "<ada>: user unknown; sorry"),
    ],
)
def test_the_detail_is_the_diagnostic_without_its_type(diagnostic: str, detail: str) -> None:
    fields = f"Action: failed\nStatus: 5.1.1\nDiagnostic-Code: {diagnostic}"
    assert told(fields).detail == detail


def test_without_a_diagnostic_the_detail_is_what_the_notice_says_of_the_recipient() -> None:
    fields = f"Final-Recipient: rfc822; {ADA}\nAction: failed\nStatus: 5.0.0"
    found = told(fields, notice=f"Sorry.\n\n{ADA}\n   user unknown\n{BOB}\n  mailbox full\n")
    assert found == Notification(K.HARD_BOUNCED, f"{ADA} user unknown")


def test_without_a_diagnostic_the_first_word_of_the_notice_may_tell() -> None:
    assert told("Action: failed\nStatus: 5.0.0", notice="spam").kind == K.REJECTED


def test_what_the_notice_says_is_kept_up_to_300_characters() -> None:
    fields = f"Final-Recipient: rfc822; {ADA}\nAction: failed\nStatus: 5.0.0"
    detail = told(fields, notice=f"Sorry.\n\n{ADA}\n   {'a' * 400}\n").detail
    assert detail == f"{ADA} {'a' * 279}"


def test_without_any_words_the_detail_is_the_action_and_the_status() -> None:
    assert told("Action: Failed\nStatus: 5.1.1").detail == "failed 5.1.1"
    assert told("Action: delayed").detail == "delayed"


def test_an_unknown_user_after_the_text_was_sent_is_a_refusal_of_the_text() -> None:
    fields = "Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 Unknown user"
    assert told(fields).kind == K.HARD_BOUNCED
    assert told(fields, notice="(in reply to end of DATA command)").kind == K.REJECTED


def blocks(first: str, second: str) -> list[str]:
    """Two recipients with other fates, each as this field has it."""
    return [f"{first}\nAction: failed\nStatus: 5.1.1", f"{second}\nAction: failed\nStatus: 4.2.2"]


@pytest.mark.parametrize(
    "recipient",
    [
        f"Final-Recipient: rfc822; {ADA}",
        f"Final-Recipient: RFC822;<{ADA.upper()}>",
        f"Final-Recipient: utf-8; < {ADA} >",
        f"Original-Recipient: rfc822;{ADA}",
        f"Final-Recipient: rfc822; someone@home.example\nOriginal-Recipient: rfc822;{ADA}",
        f"Final-Recipient: {ADA}",
    ],
)
def test_of_two_recipients_the_one_of_the_message_counts(recipient: str) -> None:
    both = blocks(recipient, f"Final-Recipient: rfc822; {BOB}")
    assert told(*both, to=ADA).kind == K.HARD_BOUNCED
    assert told(*both, to=BOB).kind == K.SOFT_BOUNCED


def test_a_recipient_may_begin_with_any_letter() -> None:
    both = blocks("Final-Recipient: rfc822; Xena@b.example", f"Final-Recipient: rfc822; {BOB}")
    assert told(*both, to="Xena@b.example").kind == K.HARD_BOUNCED


def test_of_two_others_the_mildest_counts() -> None:
    both = blocks("Final-Recipient: rfc822; a@b.example", f"Final-Recipient: rfc822; {BOB}")
    assert told(*both, to=ADA).kind == K.SOFT_BOUNCED
    assert told(*reversed(both)).kind == K.SOFT_BOUNCED


def test_the_mildest_is_first_delivered_and_last_a_complaint() -> None:
    from_mild_to_hard = [
        K.DELIVERED, K.ACCEPTED, K.DEFERRED, K.REJECTED, K.SOFT_BOUNCED, K.HARD_BOUNCED,
        K.COMPLAINED,
    ]  # fmt: skip
    for n, kind in enumerate(from_mild_to_hard):
        others = [Notification(each, "") for each in reversed(from_mild_to_hard[n:])]
        found = delivery_status.mildest(others)
        assert found is not None
        assert found.kind == kind


def test_a_hundred_recipients_are_looked_at_in_all_parts() -> None:
    def kind(hard: int) -> EventKind:
        head = "Content-Type: multipart/report; boundary=b\n\n"
        part = "--b\nContent-Type: message/delivery-status\n\n"
        many = "Action: failed\nStatus: 5.1.1\n\n" * hard
        raw = f"{head}{part}{many}\n{part}Action: delivered\n\n--b--\n"
        found = delivery_status.read(mail.parse(raw.encode()))
        assert found is not None
        return found.kind

    assert kind(99) == K.DELIVERED
    assert kind(100) == K.HARD_BOUNCED


@pytest.mark.parametrize("quote", ["", "> ", ">", "  ", "> > "])
@pytest.mark.parametrize(
    "first", ["Reporting-MTA: x-local; one", "FINAL-RECIPIENT: x", "original-recipient: x"]
)
def test_a_report_in_the_text_is_read_quoted_or_not(quote: str, first: str) -> None:
    lines = [first, "Action: failed", "Status: 5.1.1"]
    raw = "\n\nHello.\n" + "\n".join(f"{quote}{line}" for line in lines)
    found = delivery_status.read_in_text(mail.parse(raw.encode()))
    assert found is not None
    assert found.kind == K.HARD_BOUNCED


def test_a_text_that_only_mentions_a_field_is_no_report() -> None:
    raw = b"\n\nPlease look at the Action: field.\nStatus: 5.1.1\n"
    assert delivery_status.read_in_text(mail.parse(raw)) is None


def test_a_report_in_an_attachment_of_another_type_is_none() -> None:
    raw = b"Content-Type: text/plain\n\nAction: failed\nStatus: 5.1.1\n"
    assert delivery_status.read(mail.parse(raw)) is None
