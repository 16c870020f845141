"""What the formats that there are mean, and which message they are about."""

from __future__ import annotations

import pytest

from dispatch.bounces.understanding import (
    AUTOMATIC_REPLY,
    FORGED,
    NO_REPORT,
    OTHER_FEEDBACK,
    READ_RECEIPT,
    UNKNOWN,
    Passed,
    Told,
    understand,
)
from tests.dispatch.bounces.samples import ANOTHER_MESSAGE, NAMES, SOMEBODY, sample, told
from tracking.event_kinds import EventKind

K = EventKind
EVENTS = {
    "dma-mailbox-full": K.SOFT_BOUNCED,
    "opensmtpd-blocked": K.REJECTED,
    "sendmail-5-no-such-host": K.HARD_BOUNCED,
    "workmail-unknown-user": K.HARD_BOUNCED,
    "dragonfly": K.HARD_BOUNCED,
    "exchange-2003": K.HARD_BOUNCED,
    "exim": K.HARD_BOUNCED,
    "exim-report": K.REJECTED,
    "forwarded-to-two": K.DELIVERED,
    "gmail-unknown-user": K.HARD_BOUNCED,
    "internationalised": K.HARD_BOUNCED,
    "netease-mailbox-full": K.SOFT_BOUNCED,
    "office365-dmarc": K.REJECTED,
    "office365-unknown-user": K.HARD_BOUNCED,
    "opensmtpd": K.HARD_BOUNCED,
    "opt-out": K.UNSUBSCRIBED,
    "outlook-complaint": K.COMPLAINED,
    "postfix-delayed": K.DEFERRED,
    "postfix-delivered": K.DELIVERED,
    "postfix-expired": K.SOFT_BOUNCED,
    "postfix-mailbox-full": K.SOFT_BOUNCED,
    "postfix-no-such-domain": K.HARD_BOUNCED,
    "postfix-spam": K.REJECTED,
    "postfix-too-large": K.REJECTED,
    "postfix-unknown-user": K.HARD_BOUNCED,
    "qmail": K.HARD_BOUNCED,
    "qmail-mailbox-full": K.SOFT_BOUNCED,
    "qq-spam": K.REJECTED,
    "qq-unknown-user": K.HARD_BOUNCED,
    "sendmail": K.HARD_BOUNCED,
    # Made by Exim 4.96 and Postfix 3.7 of what other servers refuse.
    "exim-null-mx": K.HARD_BOUNCED,
    "exim-over-quota": K.SOFT_BOUNCED,
    "exim-rate": K.REJECTED,
    "exim-sender-verify": K.REJECTED,
    "postfix-block-list": K.REJECTED,
    "postfix-exchange-online": K.HARD_BOUNCED,
    "postfix-greylisted": K.SOFT_BOUNCED,
    "postfix-null-mx": K.HARD_BOUNCED,
    "postfix-sender-rejected": K.REJECTED,
    "yahoo-complaint": K.COMPLAINED,
    "yahoo-unknown-user": K.HARD_BOUNCED,
}
PASSED = {
    "not-spam": OTHER_FEEDBACK,
    "read-receipt": READ_RECEIPT,
    **{name: AUTOMATIC_REPLY for name in NAMES if name.startswith("vacation-")},
}
WITHOUT_THE_MESSAGE = frozenset(
    {"forwarded-to-two", "netease-mailbox-full", "qq-spam", "qq-unknown-user"}
)
"""These quote nothing: only the return path tells."""


def test_every_sample_has_a_meaning() -> None:
    assert sorted([*EVENTS, *PASSED]) == NAMES


@pytest.mark.parametrize(("name", "kind"), EVENTS.items())
def test_an_event_is_understood_and_finds_its_subtask(name: str, kind: EventKind) -> None:
    meaning = understand(sample(name, 7))
    assert isinstance(meaning, Told), meaning
    assert (meaning.event.kind, meaning.event.subtask_id) == (kind, 7)


@pytest.mark.parametrize(("name", "kind"), EVENTS.items())
def test_line_ends_do_not_matter(name: str, kind: EventKind) -> None:
    meaning = understand(sample(name).replace(b"\n", b"\r\n"))
    assert isinstance(meaning, Told), meaning
    assert meaning.event.kind == kind


@pytest.mark.parametrize(("name", "meaning"), PASSED.items())
def test_what_machines_say_for_their_owners_means_nothing(name: str, meaning: Passed) -> None:
    assert understand(sample(name)) == meaning


@pytest.mark.parametrize("name", sorted(set(EVENTS) - WITHOUT_THE_MESSAGE))
def test_without_a_return_path_of_its_own_the_message_id_tells(name: str) -> None:
    meaning = understand(sample(name, 7, path=SOMEBODY))
    assert isinstance(meaning, Told), meaning
    assert meaning.event.subtask_id == 7


@pytest.mark.parametrize("name", sorted(set(EVENTS) - {"outlook-complaint"}))
def test_the_return_path_alone_tells_in_any_case(name: str) -> None:
    raw = sample(name, 7, message=ANOTHER_MESSAGE)
    meaning = understand(raw.replace(b"bounces+", b"BOUNCES+"))
    assert isinstance(meaning, Told), meaning
    assert meaning.event.subtask_id == 7


@pytest.mark.parametrize("name", EVENTS)
def test_a_message_of_somebody_else_is_none_of_ours(name: str) -> None:
    assert understand(sample(name, path=SOMEBODY, message=ANOTHER_MESSAGE)) == UNKNOWN


@pytest.mark.parametrize("name", sorted(set(EVENTS) - {"outlook-complaint"}))
def test_a_return_path_that_was_not_signed_here_is_forged(name: str) -> None:
    assert understand(sample(name, path=f"bounces+{'a' * 29}@bounce.example.com")) == FORGED


@pytest.mark.parametrize("name", sorted(set(EVENTS) - WITHOUT_THE_MESSAGE))
def test_a_message_id_that_was_not_signed_here_is_forged(name: str) -> None:
    message = "<7.0123456789abcdef@north.example.com>"
    assert understand(sample(name, path=SOMEBODY, message=message)) == FORGED


def test_the_key_of_an_event_is_the_bounces_own_message_id() -> None:
    first, again = told(sample("sendmail")), told(sample("sendmail") + b"\n")
    assert first.dedupe_key == again.dedupe_key
    assert "6139F9aB012345@mail.relay.example" in first.dedupe_key


def test_nobody_uses_up_the_key_of_a_bounce_of_another_message() -> None:
    ours, theirs = told(sample("sendmail", 7)), told(sample("sendmail", 8))
    assert ours.dedupe_key != theirs.dedupe_key


def test_a_bounce_without_a_message_id_is_known_by_what_it_is() -> None:
    raw = sample("qmail")
    assert b"Message-ID:" not in raw.partition(b"\n\n")[0]
    again = b"Received: once more\r\n" + raw.replace(b"\n", b"\r\n")
    assert told(raw).dedupe_key == told(again).dedupe_key != told(raw + b"x").dedupe_key


def test_what_is_kept_says_what_the_server_said() -> None:
    event = told(sample("postfix-spam"))
    assert event.detail.startswith("554 5.7.1 Service unavailable")
    assert "Status: 5.7.1" in event.raw["report"][1]
    assert "mail system at host" in event.raw["said"]
    assert "here is what is new" not in str(event.raw)
    assert event.occurred_at is not None


def test_an_automatic_reply_of_a_mail_server_is_still_a_bounce() -> None:
    assert b"Auto-Submitted: auto-replied" in sample("exim")
    assert not isinstance(understand(sample("exim")), Passed)


def test_what_a_mail_server_says_and_is_not_understood_is_set_aside() -> None:
    raw = (
        b"From: MAILER-DAEMON@relay.example\nAuto-Submitted: auto-replied\n"
        b"To: bounces@bounce.north.example.com\nSubject: Hello\n\nZgadnij, co mamy na my\xc5\x9bli.\n"
    )
    assert understand(raw) == NO_REPORT
