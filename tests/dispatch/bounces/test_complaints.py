"""Feedback reports (RFC 5965), and those of Outlook.com."""

from __future__ import annotations

import pytest

from dispatch.bounces import complaints, mail
from dispatch.bounces.complaints import FeedbackReport
from tracking.event_kinds import EventKind


def report(*fields: str) -> FeedbackReport:
    """What a letter says that is such a report, with these fields."""
    head = "Content-Type: message/feedback-report\n"
    found = complaints.read(mail.parse("\n".join([head, *fields, ""]).encode()))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("abuse", EventKind.COMPLAINED),
        ("Abuse", EventKind.COMPLAINED),
        ("fraud", EventKind.COMPLAINED),
        ("unsubscribe", EventKind.UNSUBSCRIBED),
        ("opt-out", EventKind.UNSUBSCRIBED),
        ("opt-out-list", EventKind.UNSUBSCRIBED),
        ("OPT-OUT-LIST", EventKind.UNSUBSCRIBED),
        ("not-spam", None),
        ("virus", None),
        ("auth-failure", None),
        ("other", None),
    ],
)
def test_each_type_of_feedback_has_a_meaning(written: str, kind: EventKind | None) -> None:
    assert report(f"Feedback-Type: {written}").kind == kind


def test_a_report_without_a_type_is_a_complaint_and_is_kept_as_one() -> None:
    assert report("User-Agent: Robot/1") == FeedbackReport(EventKind.COMPLAINED, "abuse Robot/1")


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        (["User-Agent: Robot/1"], "fraud Robot/1"),
        (["Source: Relay"], "fraud Relay"),
        (["User-Agent: Robot/1", "Source: Relay"], "fraud Robot/1"),
        ([], "fraud"),
    ],
)
def test_the_detail_names_the_type_and_who_tells(fields: list[str], detail: str) -> None:
    assert report("Feedback-Type: fraud", *fields).detail == detail


def test_the_detail_has_at_most_200_characters() -> None:
    detail = report("Feedback-Type: abuse", f"User-Agent: {'a' * 300}").detail
    assert detail == f"abuse {'a' * 194}"


def test_the_return_path_of_the_message_is_told() -> None:
    found = report("Feedback-Type: abuse", "Original-Mail-From: <news@north.example.com>")
    assert found.original_sender == "<news@north.example.com>"


def test_outlook_forwards_the_message_with_a_header_of_its_own() -> None:
    raw = b"Content-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: ada@receiver.example\n\nHi\n"
    found = complaints.read(mail.parse(raw))
    assert found == FeedbackReport(EventKind.COMPLAINED, "Reported as junk at Outlook.com")


def test_another_message_that_comes_back_is_no_feedback() -> None:
    raw = b"Content-Type: message/rfc822\n\nTo: ada@receiver.example\n\nHi\n"
    assert complaints.read(mail.parse(raw)) is None
