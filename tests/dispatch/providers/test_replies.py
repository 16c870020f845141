from __future__ import annotations

import pytest

from dispatch.errors import (
    DeliveryError,
    MessageError,
    OutcomeUnknown,
    RecipientError,
    ServiceError,
)
from dispatch.providers.echoes import readable
from dispatch.providers.smtp.client import Phase
from dispatch.providers.smtp.replies import accepted_id, classify, lost, parse

PERSON, SERVICE, LATER, REFUSED, BOUNCE, MESSAGE = (
    "needs a person",
    "the service for a while",
    "this recipient for a while",
    "this recipient for good",
    "this address does not exist",
    "this message",
)
CONTENT_REPLIES = [
    ("550 5.1.1 User unknown", BOUNCE),
    ("552 5.2.2 Mailbox full", REFUSED),
    ("552 5.3.4 Message size exceeds fixed limit", MESSAGE),
    ("554 5.7.1 Message contains spam", MESSAGE),
    ("550 Rejected by content filter", MESSAGE),
    ("554 Transaction failed", MESSAGE),
    ("554 5.4.6 Too many hops", MESSAGE),
    ("550 5.7.26 Unauthenticated mail from example.com", PERSON),
    ("550 5.7.515 Access denied, sending domain does not meet the required level", PERSON),
    ("451 4.3.0 Please try later", LATER),
    ("452 4.3.1 Insufficient system storage", SERVICE),
    ("451 4.3.2 System not accepting messages", SERVICE),
    ("454 Throttling failure: Maximum sending rate exceeded.", SERVICE),
    ("550 5.4.5 Daily user sending limit exceeded", SERVICE),
    ("421 4.7.0 Try again later", SERVICE),
]
RECIPIENT_REPLIES = [
    ("550 5.1.1 No such user", BOUNCE),
    ("550 5.1.10 Recipient has a null MX", BOUNCE),
    ("553 5.1.3 Bad address syntax", BOUNCE),
    ("550 No such user here", BOUNCE),
    ("550 5.2.1 Mailbox disabled", REFUSED),
    ("552 5.2.2 Over quota", REFUSED),
    ("552 Mailbox over quota", REFUSED),
    ("550 Requested action not taken", REFUSED),
    ("553 Mailbox name not allowed", REFUSED),
    ("553 5.6.7 Non-ASCII addresses not permitted for that recipient", REFUSED),
    ("550 5.7.1 Not authorized to send to this group", REFUSED),
    ("550 5.7.133 Sender not authenticated for group; authentication required", REFUSED),
    ("550 5.7.124 Sender not in allowed-senders list", REFUSED),
    ("550 5.7.1 This user only accepts mail from authenticated senders", REFUSED),
    ("550 5.1.1 This mailbox is restricted to internal senders", REFUSED),
    ("550 5.4.1 Recipient address rejected: access denied", BOUNCE),
    ("550 5.2.1 <a@b.example>... User Unknown", BOUNCE),
    ("556 5.1.10 Domain does not accept mail (null MX)", BOUNCE),
    ("550 5.1.0 <a@b.example> sender rejected", PERSON),
    ("550 5.1.0 Not allowed to send per its SPF record", PERSON),
    ("550 5.1.3 Blocked, see www.spamhaus.example", PERSON),
    ("550 5.1.1 a@b.example has sent to too many recipients this hour", SERVICE),
    ("552 5.1.1 Over quota", REFUSED),
    ("550 5.1.2 Host not found, try again", REFUSED),
    ("450 Mailbox unavailable", LATER),
    ("451 Local error", LATER),
    ("452 Mailbox over quota", LATER),
    ("452 4.2.2 Mailbox full", LATER),
    ("450 4.2.1 Receiving mail at a rate that prevents delivery", LATER),
    ("450 4.7.1 Greylisted, please try again", LATER),
    ("450 4.1.1 Address unverified", LATER),
    ("450 4.7.1 Try again later", SERVICE),
    ("452 4.5.3 Too many recipients", SERVICE),
    ("450 Rate limit reached", SERVICE),
    ("550 5.1.8 Sender's domain not found", PERSON),
    ("450 4.1.8 Sender's domain not found", SERVICE),
    ("550 5.7.1 Relaying denied", PERSON),
    ("554 5.7.1 Client host blocked using zen.spamhaus.example", PERSON),
    ("550 5.7.708 Access denied, traffic not accepted from this IP", PERSON),
    ("530 5.7.0 Authentication required", PERSON),
    ("503 Bad sequence", SERVICE),
]
SENDER_REPLIES = [
    ("550 5.1.0 Sender rejected", PERSON),
    ("550 5.1.1 No such user", PERSON),
    ("553 5.7.1 Sender not owned by this login", PERSON),
    ("530 5.7.0 Must issue STARTTLS first", PERSON),
    ("552 5.3.4 Message too big for this server", MESSAGE),
    ("550 5.4.5 Daily sending quota exceeded", SERVICE),
    ("451 4.3.0 Temporary lookup failure", SERVICE),
    ("452 4.3.1 Out of space", SERVICE),
    ("454 Daily message quota exceeded", SERVICE),
]
SESSION_REPLIES = [
    (Phase.CONNECT, "554 5.7.1 Blocked", PERSON),
    (Phase.CONNECT, "450 Busy", SERVICE),
    (Phase.AUTH, "535 5.7.8 Bad credentials", PERSON),
    (Phase.AUTH, "534 5.7.9 Needs a stronger mechanism", PERSON),
    (Phase.AUTH, "538 Encryption required", PERSON),
    (Phase.AUTH, "432 4.7.12 A password transition is needed", SERVICE),
    (Phase.AUTH, "454 4.7.0 Temporary authentication failure", SERVICE),
    (Phase.AUTH, "454 Username and password not accepted", PERSON),
]


def verdict(error: DeliveryError) -> str:
    match error:
        case ServiceError():
            return PERSON if error.needs_person else SERVICE
        case RecipientError(hard_bounce=True, permanent=True):
            return BOUNCE
        case RecipientError(hard_bounce=False):
            return REFUSED if error.permanent else LATER
        case MessageError():
            return MESSAGE
        case _:
            return repr(error)


def judge(phase: Phase, reply: str) -> str:
    enhanced, text = parse(reply[4:])
    return verdict(classify(phase, int(reply[:3]), enhanced, text))


@pytest.mark.parametrize(("reply", "expected"), RECIPIENT_REPLIES)
def test_a_refusal_of_the_recipient_is_judged(reply: str, expected: str) -> None:
    assert judge(Phase.RCPT, reply) == expected


@pytest.mark.parametrize(("reply", "expected"), SENDER_REPLIES)
def test_a_refusal_of_the_sender_never_blames_the_recipient(reply: str, expected: str) -> None:
    assert judge(Phase.MAIL, reply) == expected


@pytest.mark.parametrize(("reply", "expected"), CONTENT_REPLIES)
def test_a_refusal_of_the_whole_message_is_judged(reply: str, expected: str) -> None:
    assert judge(Phase.FINAL_DOT, reply) == expected


@pytest.mark.parametrize(("phase", "reply", "expected"), SESSION_REPLIES)
def test_a_refusal_before_any_message_blames_the_service(
    phase: Phase, reply: str, expected: str
) -> None:
    assert judge(phase, reply) == expected


@pytest.mark.parametrize("phase", list(Phase))
def test_every_refusal_is_definite(phase: Phase) -> None:
    errors = [classify(phase, code, "", "No") for code in (*range(400, 460), *range(500, 560))]
    assert not any(isinstance(error, OutcomeUnknown) for error in errors)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.FINAL_DOT])
def test_a_lost_conversation_is_definite_before_the_final_dot(phase: Phase) -> None:
    assert isinstance(lost(phase, ConnectionResetError("reset")), ServiceError)


def test_a_lost_conversation_is_undecided_after_the_final_dot() -> None:
    assert isinstance(lost(Phase.FINAL_DOT, TimeoutError()), OutcomeUnknown)


def test_an_enhanced_code_that_contradicts_the_basic_one_is_not_believed() -> None:
    assert verdict(classify(Phase.RCPT, 450, "5.1.1", "Later")) == LATER


def test_the_enhanced_code_is_taken_off_every_line() -> None:
    assert parse("5.1.1 No such\n5.1.1 user") == ("5.1.1", "No such user")


def test_an_address_at_the_start_of_a_reply_is_no_enhanced_code() -> None:
    assert parse("5.1.1.7 is blocked") == ("", "5.1.1.7 is blocked")


def test_a_reply_is_kept_short_and_printable() -> None:
    assert readable("a\x00b\r\nc\x1b[31m") == "a b c [31m"
    assert len(readable("x" * 10_000)) == 500


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("2.0.0 Ok: queued as 4WXYZ12345", "4WXYZ12345"),
        ("Ok 0100018f-aaaa-bbbb-000000", "0100018f-aaaa-bbbb-000000"),
        ("OK id=1abcDE-000abc-12", "1abcDE-000abc-12"),
        ("2.0.0 Thanks", ""),
    ],
)
def test_the_servers_name_for_an_accepted_message_is_found(reply: str, expected: str) -> None:
    assert accepted_id(reply) == expected
