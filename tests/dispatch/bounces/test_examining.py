"""What is found in a letter, and how much of it is kept."""

from __future__ import annotations

import datetime as dt

import pytest

from dispatch.bounces import mail, return_path
from dispatch.bounces.examining import Found, Says, Unreadable, examine
from sandbox import pool
from tests.dispatch.bounces.samples import sample
from tracking.event_kinds import EventKind

TOKEN = "abcdefghijklmnopqrstuvwxyz234"
ADDRESS = f"bounces+{TOKEN}@bounce.example.com"
OURS = "<7.0123456789abcdef@north.example.com>"
STATUS = "Action: failed\nStatus: 5.1.1\n"


def letter(*headers: str, returned: str = "", said: str = "Sorry.", status: str = STATUS) -> Found:
    """What is found in a report with these headers about a message with these."""
    head = "\n".join([*headers, "Content-Type: multipart/report; boundary=b"])
    parts = [
        f"Content-Type: text/plain; charset=utf-8\n\n{said}",
        f"Content-Type: message/delivery-status\n\n{status}",
        f"Content-Type: message/rfc822\n\n{returned}\n\nHi",
    ]
    raw = f"{head}\n\n" + "".join(f"--b\n{part}\n" for part in parts) + "--b--\n"
    found = examine(raw.encode())
    assert found.says == Says.EVENT
    return found


@pytest.mark.parametrize(
    "header",
    [
        "Delivered-To",
        "X-Original-To",
        "X-Delivered-To",
        "Envelope-To",
        "X-Envelope-To",
        "X-RCPT-To",
        "To",
    ],
)
def test_each_header_tells_to_which_return_path_it_came(header: str) -> None:
    assert letter(f"{header}: {ADDRESS}").tokens == [TOKEN]
    assert letter(f"{header}-Not: {ADDRESS}").tokens == []
    # So it is a bounce, also where its subject and its sender do not say so.
    text = "Delivery failed: user unknown"
    raw = f"From: robot@relay.example\n{header}: {ADDRESS}\n\n{text}\n"
    assert examine(raw.encode()).says == Says.EVENT
    raw = f"From: robot@relay.example\n{header}-Not: {ADDRESS}\n\n{text}\n"
    assert examine(raw.encode()).says == Says.NO_REPORT


@pytest.mark.parametrize(
    "headers",
    [
        "From: robot@relay.example\nReturn-Path: <>",
        "From: robot@relay.example\nSubject: Delivery failed",
        "From: mailer-daemon@relay.example",
    ],
)
def test_an_empty_return_path_the_subject_or_the_sender_tells_of_a_bounce(headers: str) -> None:
    assert examine(f"{headers}\n\nDelivery failed: user unknown\n".encode()).says == Says.EVENT


@pytest.mark.parametrize("header", ["Return-Path", "X-Envelope-From", "return-path"])
def test_the_message_that_came_back_has_its_return_path(header: str) -> None:
    assert letter(returned=f"{header}: <{ADDRESS}>").tokens == [TOKEN]


@pytest.mark.parametrize("line", ["Return-Path: ", "> return-path: ", "  RETURN-PATH:  "])
def test_a_return_path_may_be_quoted_in_the_text(line: str) -> None:
    assert letter(said=f"Sorry.\n{line}<{ADDRESS}>\n").tokens == [TOKEN]
    assert letter(said=f"Sorry, {line}<{ADDRESS}>\n").tokens == []


def test_all_return_paths_are_found_once_each_the_own_ones_first() -> None:
    others = [f"{letter * 29}" for letter in "bcd"]
    first, second, third = (f"<bounces+{token}@bounce.example.com>" for token in others)
    found = letter(
        f"To: <{ADDRESS}>, <{ADDRESS}>",
        returned=f"Return-Path: {first}\nX-Envelope-From: {second}",
        said=f"Return-Path: {third}",
    )
    assert found.tokens == [TOKEN, *others]


def test_each_of_several_headers_is_read_by_itself() -> None:
    found = letter("Delivered-To: ada@receiver.example", f"X-Original-To: {ADDRESS}")
    assert found.tokens == [TOKEN]
    raw = f"Delivered-To: a@b.example\nX-Original-To: {ADDRESS}\n\nDelivery failed: user unknown\n"
    assert examine(raw.encode()).says == Says.EVENT


def test_the_message_that_came_back_has_its_message_id() -> None:
    assert letter(returned=f"Message-ID: {OURS}").ids == [OURS]


@pytest.mark.parametrize("header", ["In-Reply-To", "References", "references"])
def test_a_header_names_the_message(header: str) -> None:
    assert letter(f"{header}: <another@elsewhere.example> {OURS}").ids == [OURS]
    assert letter(f"{header}-Not: {OURS}").ids == []


@pytest.mark.parametrize("line", ["Message-ID: ", "> message-id: ", "  MESSAGE-ID:  "])
def test_a_message_id_may_be_quoted_in_the_text(line: str) -> None:
    assert letter(said=f"Sorry.\n{line}{OURS}\n").ids == [OURS]
    assert letter(said=f"Sorry, {line}{OURS}\n").ids == []


def test_a_hundred_names_are_kept() -> None:
    names = [f"<{n}.0123456789abcdef@north.example.com>" for n in range(101)]
    assert letter(f"References: {' '.join(names)}").ids == names[:100]


def test_a_message_id_of_500_characters_is_not_taken_for_one_of_ours() -> None:
    start = "<7.0123456789abcdef@"
    longest = f"{start}{'a' * (499 - len(start) - 1)}>"
    assert letter(returned=f"Message-ID: {longest}").ids == [longest]
    assert letter(returned=f"Message-ID: {longest[:-1]}a>").ids == []


def test_the_name_of_a_letter_is_its_message_id_up_to_500_characters() -> None:
    longest = f"<{'a' * 498}>"
    assert letter(f"Message-ID: {longest}").name == longest
    assert len(letter(f"Message-ID: a{longest}").name) == 64


def test_the_name_of_a_letter_without_message_id_is_made_of_its_date_sender_and_text() -> None:
    date, sender = "Date: Tue, 3 Feb 2026 09:15:02 +0000", "From: a@b.example"
    name = letter(date, sender).name
    assert letter(date, "Received: by way of another", sender).name == name
    assert letter(date.replace("3", "4", 1), sender).name != name
    assert letter(date, "From: b@b.example").name != name
    assert letter(date, sender, said="Sorry!").name != name


def test_the_name_does_not_depend_on_line_ends_nor_on_those_at_the_end() -> None:
    raw = b"Subject: Delivery failed\n\nUser unknown\n\nSorry\n"
    name = examine(raw).name
    assert examine(raw.replace(b"\n", b"\r\n")).name == name
    assert examine(raw + b"\n\n").name == name
    assert examine(raw.replace(b"User unknown", b"No such user")).name != name


def test_a_letter_of_headers_alone_has_a_name() -> None:
    found = examine(b"From: mailer-daemon@b.example\nSubject: Delivery failed: user unknown")
    assert found.says == Says.EVENT
    assert len(found.name) == 64


def test_of_a_date_200_characters_are_read() -> None:
    date = ", 3 Feb 2026 09:15:02 +0100"
    hour = dt.timezone(dt.timedelta(hours=1))
    expected = dt.datetime(2026, 2, 3, 9, 15, 2, tzinfo=hour)
    assert letter(f"Date: {'a' * (200 - len(date))}{date}").date == expected
    assert letter(f"Date: {'a' * (201 - len(date))}{date}").date != expected


def test_the_date_of_a_letter_is_its_own() -> None:
    found = letter("Date: Tue, 3 Feb 2026 09:15:02 +0100")
    hour = dt.timezone(dt.timedelta(hours=1))
    assert found.date == dt.datetime(2026, 2, 3, 9, 15, 2, tzinfo=hour)
    assert letter("Date: soon").date is None
    assert letter().date is None


def test_headers_are_kept_that_explain_a_letter() -> None:
    found = letter(
        "From: a@b.example", "To: c@d.example", "Date: soon", "Subject: It failed",
        "Message-ID: <1@b.example>", "Auto-Submitted: auto-replied", "X-Other: no",
    )  # fmt: skip
    assert found.kept["headers"] == {
        "From": "a@b.example",
        "To": "c@d.example",
        "Date": "soon",
        "Subject": "It failed",
        "Message-ID": "<1@b.example>",
        "Content-Type": "multipart/report; boundary=b",
        "Auto-Submitted": "auto-replied",
    }
    assert sorted(found.kept) == ["headers", "report", "said"]


def test_what_is_kept_has_bounds() -> None:
    found = letter(f"Subject: {'a' * 1_100}", said="b" * 6_000)
    assert found.kept["headers"]["Subject"] == "a" * 1_000
    assert found.kept["said"] == "b" * 5_000


def test_of_the_reply_of_a_server_2000_characters_are_kept() -> None:
    found = letter(status=f"{STATUS}Diagnostic-Code: smtp; {'a' * 2_100}\n")
    assert found.detail == "a" * 2_000


def test_the_blocks_of_a_report_are_kept() -> None:
    found = letter(status=f"Reporting-MTA: dns; b.example\nX-Id: 1\n\n{STATUS}")
    assert found.kept["report"] == [
        "Reporting-MTA: dns; b.example\nX-Id: 1",
        "Action: failed\nStatus: 5.1.1",
    ]


def test_of_all_blocks_20000_characters_are_kept_with_a_line_end_after_each() -> None:
    status = f"{STATUS}\nX: {'a' * 9_000}\n"
    head = "Content-Type: multipart/report; boundary=b\n\n"
    part = f"--b\nContent-Type: message/delivery-status\n\n{status}\n"
    kept = examine(f"{head}{part * 4}--b--\n".encode()).kept["report"]
    # 28 + 1 and 9003 + 1, twice, and 28 + 1: 1905 of 20,000 are left.
    assert [len(block) for block in kept] == [28, 9_003, 28, 9_003, 28, 1_905]


@pytest.mark.parametrize(("length", "second"), [(19_998, ["A"]), (19_999, []), (20_000, [])])
def test_a_block_is_kept_while_a_character_is_left(length: int, second: list[str]) -> None:
    head = "Content-Type: multipart/report; boundary=b\n\n"
    part = "--b\nContent-Type: message/delivery-status\n\n"
    first = f"X: {'a' * (length - 3)}"
    raw = f"{head}{part}{first}\n{part}{STATUS}\n--b--\n"
    assert examine(raw.encode()).kept["report"] == [first, *second]


def test_an_error_of_ours_is_told_with_the_last_2000_characters_of_where_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: bytes) -> None:
        raise ValueError("a" * 3_000)

    monkeypatch.setattr(pool, "is_worker", True)
    monkeypatch.setattr(mail, "parse", fail)
    with pytest.raises(Unreadable) as raised:
        examine(b"x")
    assert str(raised.value) == f"{'a' * 1_999}\n"


def test_a_wish_to_unsubscribe_has_a_token_of_24_letters_of_ascii() -> None:
    token = "abcdefghijkl_-0123456789"
    found = examine(f"Subject: unsubscribe {token}\n\n".encode())
    assert found == Found(Says.UNSUBSCRIBE, tokens=[token])
    other = "é" + token[1:]
    assert examine(f"Subject: unsubscribe {other}\n\nHi".encode()).says == Says.NO_REPORT


@pytest.mark.parametrize("subject", ["unsubscribe", "Unsubscribe", "UNSUBSCRIBE me"])
def test_a_wish_that_is_marked_as_an_automatic_reply_is_looked_at(subject: str) -> None:
    raw = f"From: a@b.example\nAuto-Submitted: auto-replied\nSubject: {subject}\n\nHi\n"
    assert examine(raw.encode()).says == Says.NO_REPORT


def test_a_complaint_is_about_the_return_path_that_it_names() -> None:
    head = "Content-Type: message/feedback-report\n\n"
    raw = f"{head}Feedback-Type: abuse\nUser-Agent: Robot\nOriginal-Mail-From: <{ADDRESS}>\n"
    found = examine(raw.encode())
    assert (found.kind, found.detail, found.tokens) == (
        EventKind.COMPLAINED, "abuse Robot", [TOKEN],
    )  # fmt: skip
    assert found.kept["report"] == [
        f"Feedback-Type: abuse\nUser-Agent: Robot\nOriginal-Mail-From: <{ADDRESS}>"
    ]


def test_the_return_path_begins_with_bounces() -> None:
    assert return_path.address(7, "bounce.example.com").startswith("bounces+")


def test_a_sample_has_its_own_name_date_and_detail() -> None:
    found = examine(sample("postfix-unknown-user", 7))
    assert found.name == "<20260203091502.6F3A9120C2@mx.relay.example>"
    assert found.date == dt.datetime(2026, 2, 3, 9, 15, 2, tzinfo=dt.UTC)
    assert found.detail.startswith("550 5.1.1 <ada@receiver.example>: Recipient address rejected")
