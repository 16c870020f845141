"""Hard, soft, or no fault of the address."""

from __future__ import annotations

import pytest

from dispatch.providers.bounces import (
    HARD,
    REJECTED,
    SOFT,
    by_status_code,
    codes_in,
    is_after_data,
    kind_of,
)
from tracking.event_kinds import EventKind


@pytest.mark.parametrize(
    ("enhanced", "basic", "text", "kind"),
    [
        ("5.1.1", "550", "", HARD),
        ("5.1.10", "550", "RESOLVER.ADR.RecipientNotFound", HARD),
        ("5.1.2", "", "bad destination system", HARD),
        ("5.1.8", "553", "sender address has no mail exchanger", REJECTED),
        ("5.2.1", "550", "mailbox disabled", SOFT),
        ("5.2.2", "552", "mailbox full", SOFT),
        # A code about the address whose words blame something else.
        ("5.1.0", "550", "<a@b.example> sender rejected. Refer to error codes", REJECTED),
        ("5.1.1", "550", "<a@b.example> has sent to too many recipients this hour", REJECTED),
        ("5.1.1", "550", "message rate exceeded", REJECTED),
        ("5.1.3", "550", "rejected: listed at zen.spamhaus.example", REJECTED),
        ("5.1.0", "550", "192.0.2.2 is not allowed to send per its SPF record", REJECTED),
        ("5.1.1", "550", "refused due to recipient preferences", REJECTED),
        ("5.1.1", "552", "Over quota", SOFT),
        ("5.1.1", "550", "the recipient's mailbox is full", SOFT),
        ("5.1.2", "", "host mx.b.example not found, try again", SOFT),
        ("5.1.0", "550", "", SOFT),
        ("5.1.1", "550", "Unverified sender", REJECTED),
        ("5.1.1", "550", "TLS required", REJECTED),
        ("5.1.1", "550", "a@b.example does not designate 192.0.2.1 as permitted sender", REJECTED),
        ("5.1.1", "550", "Recipient limit exceeded", REJECTED),
        ("5.1.1", "550", "Server busy", SOFT),
        ("5.1.1", "550", "Internal server error", SOFT),
        ("5.1.1", "550", "Cannot connect to user database", SOFT),
        ("5.1.2", "550", "DNS server failed to respond", SOFT),
        ("5.1.1", "550", "Quota überschritten", SOFT),
        ("5.1.1", "550", "Das Postfach des Empfängers ist voll", SOFT),
        ("5.1.1", "550", "la boîte aux lettres est pleine", SOFT),
        ("5.1.1", "550", "El buzón del destinatario está lleno", SOFT),
        ("5.1.1", "550", "The recipient has exceeded their disk allowance", SOFT),
        ("5.1.1", "550", "Mail Delivery System: delivery failure", HARD),
        # Words about the address under a code that is not.
        ("5.2.1", "550", "<a@b.example>... User Unknown", HARD),
        ("5.2.1", "550", "The account is disabled. User Unknown", HARD),
        ("", "550", "Benutzer unbekannt", HARD),
        ("", "550", "El usuario no existe", HARD),
        ("", "550", "Пользователь не найден", HARD),
        ("5.7.1", "550", "<a@b.example>: Recipient address rejected: User unknown", HARD),
        ("5.7.1", "554", "Recipient address rejected: Access denied", REJECTED),
        ("5.1.1", "550", "<spam@relay.example>: user unknown in relay recipient table", HARD),
        ("5.4.0", "", "the domain returned Null MX", HARD),
        ("", "556", "host does not accept mail", HARD),
        ("", "501", "HELO: invalid domain name", REJECTED),
        ("", "550", "<a@b.example>, this address no longer accepts mail", SOFT),
        ("5.2.3", "552", "message too long for the mailbox", REJECTED),
        ("5.3.4", "552", "too big", REJECTED),
        ("5.4.1", "550", "Recipient address rejected: Access denied", HARD),
        ("5.4.4", "", "Host or domain name not found", HARD),
        ("5.4.4", "", "unable to route", SOFT),
        ("5.6.0", "554", "", REJECTED),
        ("5.7.1", "550", "user unknown or spam", REJECTED),
        ("5.7.26", "550", "unauthenticated", REJECTED),
        ("4.7.0", "421", "unusual rate of mail", REJECTED),
        ("4.7.1", "450", "Greylisted, try again", SOFT),
        ("4.7.0", "421", "Try again later. An unusual rate of unsolicited mail", REJECTED),
        ("4.7.1", "450", "too much mail from 192.0.2.1: retry timeout exceeded", REJECTED),
        ("4.4.7", "", "delivery time expired", SOFT),
        ("5.0.0", "550", "No such user here", HARD),
        ("5.0.0", "554", "Message rejected as spam", REJECTED),
        ("", "550", "User unknown", HARD),
        ("", "550", "mailbox unavailable: user not found", HARD),
        ("", "552", "Mailbox quota exceeded", SOFT),
        ("", "550", "blocked by our policy", REJECTED),
        ("", "550", "Sender address does not exist", REJECTED),
        ("", "554", "This user doesn't have a yahoo.example account", HARD),
        ("", "450", "user unknown", SOFT),
        ("5.3.0", "553", "Addressee unknown", HARD),
        ("5.5.0", "550", "Requested action not taken: mailbox unavailable", HARD),
        ("5.3.0", "553", "Sender address does not exist", REJECTED),
        ("5.3.0", "554", "mail system not available", SOFT),
        ("", "", "This account has been disabled or discontinued.", SOFT),
        ("5.2.1", "550", "The email account that you tried to reach is disabled", SOFT),
        ("5.1.1", "550", "<a@b.example>: mailbox locked by its operator", SOFT),
        ("", "550", "<a@b.example>: user not known in this domain", HARD),
        ("5.2.0", "550", "From: domain is invalid. Please provide a valid From:", REJECTED),
        ("5.1.1", "", "maildrop: could not open /var/mail/ada: No such user", SOFT),
        ("5.1.1", "", "/var/mail/ada: Permission denied; user unknown", SOFT),
        ("5.1.0", "550", "sender rejected", REJECTED),
        ("5.1.1", "550", "203.0.113.1 has sent to too many recipients this hour", REJECTED),
        ("5.1.3", "553", "192.0.2.1 is listed by zen.spamhaus.example", REJECTED),
        ("5.1.0", "550", "not allowed to send from <a.example> per its SPF record", REJECTED),
        ("5.7.27", "550", "Sender address has null MX", REJECTED),
        ("5.1.1", "550", "MAIL FROM domain north.example has a null MX record", REJECTED),
        ("5.1.1", "550", "No more messages allowed today", REJECTED),
        ("5.1.1", "", "connect to mx.b.example: Connection refused", SOFT),
        ("5.1.2", "", "DNS server failure", SOFT),
        ("", "550", "a@b.example is not a known user", HARD),
        ("5.1.1", "552", "Over quota", SOFT),
        ("5.1.2", "", "Host not found, try again", SOFT),
        ("5.1.1", "550", "Your message was refused due to recipient preferences", REJECTED),
        ("5.1.1", "550", "User unknown in relay recipient table", HARD),
        ("5.1.1", "550", "The email account that you tried to reach does not exist", HARD),
        ("5.2.1", "550", "<ada@example.org>... User Unknown", HARD),
        ("5.2.1", "550", "The account of this user is suspended", SOFT),
        ("5.1.10", "556", "Recipient address has a null MX", HARD),
        ("5.4.4", "550", "Invalid domain", HARD),
        ("", "550", "Host unknown (authoritative answer from name server)", HARD),
        ("", "", "User Ada not listed in Domino Directory", HARD),
        ("", "", "this email address is wrong or no longer valid", HARD),
        ("", "", "your server is not listed in the SPF record", REJECTED),
        ("5.0.0", "554", "DT:SPM 163 smtp3,x please see help_spam_16.htm", REJECTED),
        ("5.0.0", "550", "Connection frequency limited", REJECTED),
        ("5.0.0", "550", "Suspected bounce attacks", REJECTED),
        ("", "550", "收件人邮件地址不存在", HARD),
        ("", "", "用户不存在", HARD),
        ("", "", "收件人所属域名不存在", HARD),
        ("", "", "收件人的邮箱空间已满", SOFT),
        ("", "", "服务器繁忙，请稍后再试", SOFT),
        ("", "", "疑似垃圾邮件，被对方拒收", REJECTED),
        ("", "", "The mailbox is full", SOFT),
        ("", "", "Your message successfully failed", SOFT),
        ("", "", "", SOFT),
        ("", "550", "", SOFT),
    ],
)  # fmt: skip
def test_a_refusal_is_sorted(enhanced: str, basic: str, text: str, kind: EventKind) -> None:
    assert kind_of(enhanced, basic, text) == kind


@pytest.mark.parametrize(
    ("told", "basic", "kind"),
    [
        ("smtp; 550 5.1.1 user unknown", None, HARD),
        ("smtp; 550 5.1.1 you have sent to too many recipients this hour", None, REJECTED),
        ("smtp; 552 5.1.1 the mailbox is full", None, SOFT),
        ("5.7.1", 550, REJECTED),
        ("4.2.2", None, SOFT),
        ("no code", "450", SOFT),
        ("no code", "550", None),
        (None, None, None),
    ],
)
def test_a_code_may_stand_in_a_longer_text(
    told: str | None, basic: int | str | None, kind: EventKind | None
) -> None:
    assert by_status_code(told, basic) == kind


def test_what_a_provider_passes_on_in_words_goes_before_its_code() -> None:
    assert by_status_code("5.1.1", 550, "192.0.2.1 is listed by a block list") == REJECTED
    assert by_status_code("5.1.1", 550, "user unknown") == HARD
    assert by_status_code(None, 550, "550 5.2.1 user unknown") == HARD


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("550 5.1.1 user unknown", ("5.1.1", "550")),
        ("550-5.1.1 user\n550 5.1.1 unknown", ("5.1.1", "550")),
        ("no mailbox by that name (#5.1.1)", ("5.1.1", "")),
        ("250 2.0.0 queued, then 554 5.7.1 refused", ("5.7.1", "554")),
        ("host 192.0.2.10 said 550 no", ("", "550")),
        ("version 5.1.1.2 of 4.10.2026.1", ("", "")),
        ("", ("", "")),
    ],
)
def test_codes_are_found_in_replies(text: str, codes: tuple[str, ...]) -> None:
    assert codes_in(text) == codes


@pytest.mark.parametrize(
    ("enhanced", "kind"), [("", REJECTED), ("5.0.0", REJECTED), ("5.1.1", HARD)]
)
def test_a_server_that_took_the_recipient_knows_the_user(enhanced: str, kind: EventKind) -> None:
    """Filters of mobile carriers refuse the content with these words."""
    assert kind_of(enhanced, "550", "Unknown user", after_data=True) == kind


@pytest.mark.parametrize(
    ("transcript", "is_after"),
    [
        (">>> DATA\n<<< 550 Unknown user", True),
        ("said: 550 Unknown user (in reply to end of DATA command)", True),
        ("error from remote mail server after end of data: 550 no", True),
        (">>> DATA\n<<< 550 no such user\n<<< 503 Need RCPT (recipient)", False),
        (">>> RCPT To:<a@b.example>\n<<< 550 no\n>>> DATA\n<<< 554 no valid recipients", False),
        ("said: 550 no (in reply to RCPT TO command)", False),
    ],
)
def test_a_transcript_tells_when_a_server_refused(transcript: str, is_after: bool) -> None:
    assert is_after_data(transcript) is is_after
