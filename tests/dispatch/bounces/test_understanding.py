"""What is told on of a letter, and in which words it is set aside."""

from __future__ import annotations

import datetime as dt

import pytest

from dispatch.bounces import examining, understanding
from dispatch.bounces.examining import Found, Unreadable
from dispatch.bounces.understanding import UNREADABLE, Passed, SetAside, understand
from tests.dispatch.bounces.samples import sample, told
from tracking.links.tokens import Purpose, sign


def test_an_event_has_all_that_the_letter_says() -> None:
    event = told(sample("postfix-unknown-user", 7))
    assert event.source == "bounce mail"
    assert event.dedupe_key == "7 <20260203091502.6F3A9120C2@mx.relay.example>"
    assert event.occurred_at == dt.datetime(2026, 2, 3, 9, 15, 2, tzinfo=dt.UTC)
    assert event.detail.startswith("550 5.1.1 <ada@receiver.example>: Recipient address rejected")
    assert event.raw["headers"]["Subject"] == "Undelivered Mail Returned to Sender"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("AUTOMATIC_REPLY", "automatic reply"),
        ("READ_RECEIPT", "read receipt"),
        ("OF_TEST", "of a test message"),
        ("OTHER_FEEDBACK", "other feedback"),
        ("EMPTY", "empty"),
        ("NO_REPORT", "no report"),
        ("UNKNOWN", "not about a message of ours"),
        ("FORGED", "wrong signature"),
        ("UNREADABLE", "unreadable"),
        ("ENDS_ITS_READER", "ends what reads it"),
    ],
)
def test_each_meaning_has_words_that_staff_see(name: str, words: str) -> None:
    meaning: Passed | SetAside = getattr(understanding, name)
    assert (meaning.what if isinstance(meaning, Passed) else meaning.why) == words


def test_a_wish_that_answers_a_test_message_is_passed_over() -> None:
    raw = f"Subject: unsubscribe {sign(Purpose.UNSUBSCRIBE, 0)}\n\nHi\n"
    assert understand(raw.encode()) == Passed("of a test message")


def test_an_error_of_ours_is_logged_and_the_letter_set_aside(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: bytes) -> Found:
        raise Unreadable("line 7: it broke")

    monkeypatch.setattr(understanding, "examine", fail)
    assert understand(b"x") == UNREADABLE
    assert caplog.messages == [
        "a message of the bounce mailbox was set aside: line 7: it broke",
    ]


def test_a_letter_may_take_2_seconds_256_megabytes_and_say_one_megabyte() -> None:
    limits = examining.LIMITS
    assert (limits.cpu_seconds, limits.memory_megabytes, limits.result_megabytes) == (2, 256, 1)
