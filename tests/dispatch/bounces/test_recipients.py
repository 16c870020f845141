"""A bounce about several recipients is judged by the one that its message was for."""

from __future__ import annotations

import pytest

from dispatch.bounces import mail, recipients
from dispatch.bounces.understanding import Told, understand
from tests.dispatch.bounces.samples import sample
from tracking.event_kinds import EventKind

HARD, SOFT, REJECTED = EventKind.HARD_BOUNCED, EventKind.SOFT_BOUNCED, EventKind.REJECTED
ADA, BOB = "ada@receiver.example", "bob@other.example"
UNKNOWN, FULL = "550 5.1.1 user unknown", "552 5.2.2 mailbox full"
BLOCKED = "554 5.7.1 blocked using zen.spamhaus.example"

EXIM = """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {first}
    SMTP error from remote mail server after RCPT TO:<{first}>:
    host mx.example [192.0.2.1]: {why}
  {second}
    SMTP error from remote mail server after RCPT TO:<{second}>:
    host mx.example [192.0.2.1]: {reason}
"""
QMAIL = """Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{first}>:
192.0.2.1 does not like recipient.
Remote host said: {why}
Giving up on 192.0.2.1.

<{second}>:
192.0.2.2 does not like recipient.
Remote host said: {reason}
Giving up on 192.0.2.2.
"""
POSTFIX = """I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<{first}>: host mx.example[192.0.2.1] said:
    {why} (in reply to RCPT TO command)

<{second}>: host mx.example[192.0.2.2] said:
    {reason} (in reply to RCPT TO command)
"""
SENDMAIL = """   ----- The following addresses had permanent fatal errors -----
<{first}>
    (reason: {why})
<{second}>
    (reason: {reason})
"""
OLD_SENDMAIL = """Returned mail: delivery failed
   ----- Transcript of session follows -----
550 <{first}>... {why}
550 <{second}>... {reason}
"""
FORMATS = {
    "exim": EXIM, "qmail": QMAIL, "postfix": POSTFIX, "sendmail": SENDMAIL, "old": OLD_SENDMAIL,
}  # fmt: skip
COPY = "\n--- Below this line is a copy of the message.\n\nTo: {to}\nSubject: Hello\n\nHello\n"


def bounce(said: str, to: str = "") -> EventKind:
    """What a bounce in these words means; with the copy of a message to this recipient, if any."""
    headers = sample("qmail", 7).partition(b"\n\n")[0]
    copy = COPY.format(to=to) if to else ""
    meaning = understand(headers + b"\n\n" + said.encode() + copy.encode())
    assert isinstance(meaning, Told), meaning
    return meaning.event.kind


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("why", "reason", "kind"),
    [
        (UNKNOWN, FULL, HARD),
        (FULL, UNKNOWN, SOFT),
        (BLOCKED, UNKNOWN, REJECTED),
        (UNKNOWN, BLOCKED, HARD),
    ],
)
def test_the_recipient_of_the_message_is_judged_by_what_is_said_of_them(
    name: str, why: str, reason: str, kind: EventKind
) -> None:
    said = FORMATS[name].format(first=ADA, why=why, second=BOB, reason=reason)
    assert bounce(said, f"Ada <{ADA}>") == kind
    said = FORMATS[name].format(first=BOB, why=reason, second=ADA, reason=why)
    assert bounce(said, ADA.upper()) == kind


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("why", "reason"), [(UNKNOWN, FULL), (FULL, UNKNOWN)])
@pytest.mark.parametrize("to", ["", "carl@third.example"])
def test_of_recipients_who_are_not_known_as_its_own_the_best_off_counts(
    name: str, why: str, reason: str, to: str
) -> None:
    said = FORMATS[name].format(first=ADA, why=why, second=BOB, reason=reason)
    assert bounce(said, to) == SOFT


def test_a_reason_for_all_of_them_is_the_reason_of_each() -> None:
    said = f"Your message could not be delivered to:\n\n<{ADA}>\n<{BOB}>\n\nReason: {UNKNOWN}\n"
    assert bounce(said, ADA) == bounce(said, BOB) == HARD


def test_an_address_that_leads_to_another_is_the_recipients() -> None:
    said = POSTFIX.replace("<{first}>:", "<{first}> (expanded from <" + ADA + ">):").format(
        first="ada@home.example", why=FULL, second=BOB, reason=UNKNOWN
    )
    assert bounce(said, ADA) == SOFT


def test_a_line_that_begins_with_the_senders_address_is_no_recipient() -> None:
    said = (
        f"Your mail was not delivered:\n\n<{ADA}>: host mx.example said: 550 5.1.1\n"
        "    <news@north.example.com>: sender rejected\n"
    )
    assert bounce(said, ADA) == REJECTED


def test_a_report_without_reasons_is_read_with_what_is_said_of_each_recipient() -> None:
    report = sample("exim-null-mx", 7).decode()
    words, _, rest = report.partition(
        f"  {ADA}\n    an MX or SRV record indicated no SMTP service\n"
    )
    both = f"  {BOB}\n    mailbox is full\n  {ADA}\n    Unrouteable address\n"
    fields = f"Action: failed\nFinal-Recipient: rfc822;{BOB}\nStatus: 5.0.0\n\nAction: failed\n"
    raw = f"{words}{both}{rest}".replace("Action: failed\n", fields)
    meaning = understand(raw.encode())
    assert isinstance(meaning, Told), meaning
    assert meaning.event.kind == HARD


def test_a_report_without_reasons_is_kept_with_what_is_said_of_the_recipient() -> None:
    meaning = understand(sample("exim-null-mx", 7))
    assert isinstance(meaning, Told), meaning
    assert meaning.event.detail == f"{ADA} an MX or SRV record indicated no SMTP service"


def test_of_messages_that_came_back_the_first_tells_whom_it_was_for() -> None:
    returned = "--b\nContent-Type: message/rfc822\n\nTo: {to}\n\nHi\n"
    parts = returned.format(to=f"{ADA}, Bob <{BOB.upper()}>") + returned.format(to="c@d.example")
    raw = f"Content-Type: multipart/report; boundary=b\n\n{parts}--b--\n"
    assert recipients.sent_to(mail.parse(raw.encode())) == {ADA, BOB}


@pytest.mark.parametrize("line", ["To: ", "> TO: ", "  to:"])
def test_of_a_message_that_is_quoted_the_first_line_tells_whom_it_was_for(line: str) -> None:
    raw = f"\n\nSorry.\n--- Original message\n{line}{ADA}\n{line}{BOB}\n"
    assert recipients.sent_to(mail.parse(raw.encode())) == {ADA}


def test_an_address_ends_where_chinese_words_begin() -> None:
    raw = f"\n\nSorry.\n--- Original message\nTo: {ADA}的邮箱\n"
    assert recipients.sent_to(mail.parse(raw.encode())) == {ADA}


def test_a_hundred_addresses_of_a_message_are_looked_for() -> None:
    many = ", ".join(f"a{n}@b.example" for n in range(101))
    raw = f"Content-Type: message/rfc822\n\nTo: {many}\n\nHi\n"
    assert len(recipients.sent_to(mail.parse(raw.encode()))) == 100


def test_a_notice_is_split_at_its_first_hundred_addresses() -> None:
    notice = "".join(f"a{n}@b.example\n  user unknown\n" for n in range(101))
    assert recipients.said_of(notice, "a98@b.example") == "a98@b.example user unknown"
    assert recipients.said_of(notice, "a100@b.example") == ""


@pytest.mark.parametrize(
    "notice", ["", "Hello.", f"{BOB}\n  {FULL}\n", f"{ADA}\n", f"{ADA}\n  550\n"]
)
def test_a_notice_that_does_not_tell_says_nothing_of_a_recipient(notice: str) -> None:
    assert recipients.said_of(notice, ADA) == ""


def test_what_is_said_of_each_recipient_is_told_apart_unless_one_is_ours() -> None:
    notice = f"{ADA}\n  {UNKNOWN}\n{BOB}\n  {FULL}\n"
    ada, bob = f" {ADA}\n  {UNKNOWN}\n", f" {BOB}\n  {FULL}\n"
    assert recipients.told_of(notice, set()) == [ada, bob]
    assert recipients.told_of(notice, {BOB}) == [bob]


def test_without_two_recipients_or_reasons_a_notice_is_taken_whole() -> None:
    for notice in ("Hello.", f"{ADA}\n  {UNKNOWN}\n", f"{ADA}\n{BOB}\n"):
        assert recipients.told_of(notice, {ADA}) == [notice]


@pytest.mark.parametrize("form", ["(from {to})", "(from <{to}>)", "(Expanded From <{to}>)"])
def test_the_address_that_ours_leads_to_is_ours(form: str) -> None:
    home = f" home@b.example: {form.format(to=ADA.upper())}\n  {FULL}\n"
    notice = f"{home[1:]}{BOB}\n  {UNKNOWN}\n"
    assert recipients.told_of(notice, {ADA}) == [home]


@pytest.mark.parametrize(("end", "is_ours"), [(500, True), (501, False)])
def test_it_is_ours_when_its_first_500_characters_say_so(end: int, is_ours: bool) -> None:
    start, leads = " home@b.example: ", f"from {ADA}"
    home = f"{start}{'.' * (end - len(start) - len(leads))}{leads}\n"
    other = f" {BOB}\n  {UNKNOWN}\n"
    told = recipients.told_of(f"{home[1:]}{other[1:]}", {ADA})
    assert told == ([home] if is_ours else [home, other])
