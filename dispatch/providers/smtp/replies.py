"""The rules that classify refusals of SMTP servers.

The enhanced code (RFC 3463) goes before the basic one and both before the text, except where a code
is known to mean several things.
"""

from __future__ import annotations

import re
import ssl

from django.utils.translation import gettext_noop

from dispatch.errors import DeliveryError, OutcomeUnknown, ServiceError
from dispatch.network import AddressForbidden
from dispatch.providers import bounces
from dispatch.providers.classification import Blame, Reply, Rule, first_match
from dispatch.providers.echoes import readable
from dispatch.providers.smtp.client import Phase

ENHANCED = re.compile(r"^[ \t]*+([245]\.\d{1,3}\.\d{1,3})(?=\s|$|:)[ \t]*+", re.MULTILINE)
ACCEPTED_ID = re.compile(
    r"(?:\bqueued as |\bid=|^(?:2\.\d\.\d )?ok:? (?!.*queued as))<?([\w.@+-]{6,200})>?",
    re.IGNORECASE,
)


SESSION = frozenset({Phase.CONNECT, Phase.EHLO, Phase.STARTTLS, Phase.AUTH, Phase.IDLE})
SENDER = frozenset({Phase.MAIL})
CONTENT = frozenset({Phase.DATA, Phase.BODY, Phase.FINAL_DOT})

ONES_OWN_MAILBOX = r"mailbox|inbox|storage|over[ -]?quota|recipient'?s? quota|user'?s? quota"
THROTTLED = r"\brate\b|quota|too many (?!hops)|throttl|(daily|hourly|sending|message) limit"
BAD_LOGIN = r"invalid|incorrect|bad (user|cred|pass)|not accepted|not match"
BLAMES_SENDER = (
    r"\bspf\b|dkim|dmarc|authenticat|sender|relay|spamhaus|(block|black) ?list|\bdnsbl\b|"
    r"\bptr\b|reverse dns|client host|your (ip|domain|server)|sending (ip|domain)"
)
CHOICE_OF_THE_RECIPIENT = (
    r"(to|for|by) this (group|user|mailbox|list)|this (group|user|mailbox|list) (only|does not)|"
    r"members?[- ]only|(allowed|safe|accepted)[- ]senders?|sender (is )?not in|internal senders|"
    r"delivery restriction|forgroup|formailbox"
)
"""Whom one recipient wants mail from says nothing of the mail to others."""
THROTTLED_SENDER = r"too many|throttl|(hourly|daily|sending) (limit|rate)|per (hour|day)"


RULES = (
    # The server is going away or wants a pause, at any phase.
    Rule(Blame.SERVICE, "421"),
    Rule(Blame.SERVICE, "432"),
    # 454 is a temporary authentication failure to some and "sending rate exceeded" to SES.
    Rule(Blame.SERVICE, "454", text=f"{THROTTLED}|temporar"),
    Rule(Blame.PERSON, "454", text=BAD_LOGIN, phases=frozenset({Phase.AUTH})),
    Rule(Blame.SERVICE, "454"),
    # Credentials, and what they are allowed.
    Rule(Blame.PERSON, "530|534|535|538"),
    Rule(Blame.PERSON, enhanced=r"5\.7\.(3|8|9|11|13|14)"),
    # Before any message was named nothing else is to blame.
    Rule(Blame.PERSON, "5..", phases=SESSION),
    Rule(Blame.SERVICE, phases=SESSION),
    # The next server on the way lacks SMTPUTF8; another service's way may have it.
    Rule(Blame.REFUSED, enhanced=r"5\.6\.7"),
    # The message itself: too large, or not transportable.
    Rule(Blame.MESSAGE, enhanced=r"5\.3\.4|5\.2\.3|5\.6\.\d+|5\.4\.6"),
    Rule(Blame.MESSAGE, "552", "", r"size|large|big|message length"),
    # The sender's address: these look like bounces and are none.
    Rule(Blame.PERSON, enhanced=r"5\.1\.[78]"),
    Rule(Blame.SERVICE, enhanced=r"4\.1\.[78]"),
    Rule(Blame.SERVICE, "5..", text=THROTTLED, phases=SENDER),
    Rule(Blame.PERSON, "5..", phases=SENDER),
    Rule(Blame.SERVICE, phases=SENDER),
    # The recipient, by enhanced code. Whether it is the address, _address_is_to_blame has said.
    Rule(Blame.REFUSED, "5..", r"5\.7\.1[23]\d"),
    Rule(Blame.REFUSED, "5..", text=CHOICE_OF_THE_RECIPIENT),
    Rule(Blame.PERSON, enhanced=r"5\.1\.\d+", text=BLAMES_SENDER),
    Rule(Blame.SERVICE, enhanced=r"5\.1\.\d+", text=THROTTLED_SENDER),
    Rule(Blame.REFUSED, enhanced=r"5\.1\.\d+"),
    Rule(Blame.REFUSED, enhanced=r"5\.2\.\d+"),
    Rule(Blame.RECIPIENT, enhanced=r"4\.[12]\.\d+"),
    # Greylisting asks this one recipient's mail to come again; 4.7.1 alone would stop the whole
    # service.
    Rule(Blame.RECIPIENT, "4..", text=r"gr[ae]y-?list"),
    # The service: its server, its pace, its reputation.
    Rule(Blame.SERVICE, enhanced=r"4\.3\.[12]|5\.3\.2|5\.4\.5|5\.7\.28|4\.7\.\d+"),
    Rule(Blame.PERSON, enhanced=r"5\.7\.(2\d|5(?!04)\d\d|[67]\d\d)"),
    # By text, a full mailbox first, because it speaks of quotas too.
    Rule(Blame.RECIPIENT, "4..", text=ONES_OWN_MAILBOX),
    Rule(Blame.REFUSED, "5..", text=ONES_OWN_MAILBOX),
    Rule(Blame.SERVICE, "[45]..", text=THROTTLED),
    Rule(Blame.PERSON, enhanced=r"5\.7\.\d+", text=BLAMES_SENDER),
    # By basic code.
    Rule(Blame.RECIPIENT, "4.."),
    Rule(Blame.MESSAGE, "552|554", phases=CONTENT),
    Rule(Blame.REFUSED, "551|553"),
    Rule(Blame.MESSAGE, "552"),
    Rule(Blame.SERVICE, "503"),
    Rule(Blame.MESSAGE, "5..", phases=CONTENT),
    Rule(Blame.REFUSED, "5.."),
    Rule(Blame.SERVICE),
)


def classify(phase: Phase, code: int, enhanced: str, text: str) -> DeliveryError:
    """The error for a reply of `code` in `phase`. A reply after the final dot is as definite as any
    before.
    """
    # A class that contradicts the basic code is a server's mistake: believe the basic one.
    trusted = enhanced if enhanced[:1] == str(code)[:1] else ""
    if _address_is_to_blame(phase, code, trusted, text):
        return Blame.BOUNCE.error(text, code=code, enhanced=enhanced)
    blame = first_match(RULES, Reply(text, str(code), trusted, phase))
    return blame.error(text, code=code, enhanced=enhanced)


def _address_is_to_blame(phase: Phase, code: int, enhanced: str, text: str) -> bool:
    """As a bounce by mail with these words would be judged."""
    if code < 500 or phase in SESSION | SENDER:
        return False
    is_content = phase in CONTENT
    return bounces.kind_of(enhanced, str(code), text, after_data=is_content) is bounces.HARD


def parse(reply: str) -> tuple[str, str]:
    """The enhanced code of a reply's text, "" when it has none, and the text without it, in one
    line.
    """
    match = ENHANCED.match(reply)
    return (match[1] if match else ""), readable(ENHANCED.sub("", reply))


def accepted_id(reply: str) -> str:
    """The name the server gave to the message it accepted, "" when the reply tells none."""
    match = ACCEPTED_ID.search(reply)
    return match[1] if match else ""


def lost(phase: Phase, error: Exception) -> DeliveryError:
    """The error for a conversation that ended without a reply."""
    reason = _reason(error)
    if phase is Phase.FINAL_DOT:
        return OutcomeUnknown(
            gettext_noop("No reply to the whole message: %(reason)s") % {"reason": reason}
        )
    lasting = ssl.SSLCertVerificationError | UnicodeError | AddressForbidden
    needs_person = isinstance(error, lasting)
    return ServiceError(
        gettext_noop("Connection lost (%(phase)s): %(reason)s")
        % {"phase": phase.value, "reason": reason},
        needs_person=needs_person,
    )


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return readable(
            gettext_noop("the certificate is not valid: %(why)s") % {"why": error.verify_message}
        )
    if isinstance(error, ssl.SSLError):
        return gettext_noop("what answers does not agree upon TLS: check the port and the security")
    if isinstance(error, TimeoutError):
        return gettext_noop("timed out")
    if isinstance(error, UnicodeError):
        return gettext_noop("the host name or the login cannot be encoded")
    return readable(getattr(error, "strerror", None) or str(error)) or type(error).__name__
