"""Telling what machines say about their owners from what they say about a message."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr

from dispatch.bounces import mail

DAEMONS = re.compile(
    r"(mailer|mail|mmdf|uucp)[-_ ]?daemon|post[-_ ]?master|mail[-_ ]?delivery.*|mailerdaemon|"
    r"microsoftexchange[0-9a-f]{8,}.*|bounce(s|d)?[-_]?handler",
    re.IGNORECASE,
)
MARKS = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-Auto-Reply",
    "X-AutoReply-From",
    "X-Vacation",
    "X-Mail-Autoreply",
    "X-FC-MachineGenerated",
)
MAX_LINE = 500
"""Characters of a header that is taken apart: comments in it may hold comments."""

PRECEDENCES = frozenset({"auto_reply", "auto-reply", "autoreply"})
SUBJECT = re.compile(
    r"^\W*+((re|aw|fwd?|antw|sv|回复|答复) ?[:：] ?)*("
    r"out of (the )?office|automatic reply|auto(matic|mated)?[ -]?(re(ply|sponse)|response)|"
    r"on vacation|away from (my|the) (mail|office|desk)|i am (away|on leave)|"
    r"vacation (reply|notice)|"
    r"automatische antwort|abwesenheit|abwesend|nicht im b(ü|ue)ro|"
    r"r(é|e)ponse automatique|absence du bureau|absent du bureau|"
    r"respuesta autom(á|a)tica|fuera de (la )?oficina|"
    r"risposta automatica|fuori (sede|ufficio)|"
    r"resposta autom(á|a)tica|fora do escrit(ó|o)rio|"
    r"automatisch antwoord|afwezig|automatiskt svar|fr(å|a)nvaro|autosvar|automaattinen|"
    r"automatyczna odpowied(ź|z)|автоответ|автоматический ответ|"
    r"自动回复|自動回覆|自动答复|休假|不在办公室|自動応答|自動返信|不在通知|자동 ?회신|부재중)",
    re.IGNORECASE,
)


def is_from_daemon(message: Message) -> bool:
    """Whether it comes from what delivers mail."""
    if mail.header(message, "X-Failed-Recipients"):
        return True
    name, address = parseaddr(mail.header(message, "From")[:MAX_LINE])
    local_part = address.partition("@")[0]
    return bool(DAEMONS.fullmatch(local_part) or DAEMONS.match(name))


def has_no_return_path(message: Message) -> bool:
    """As everything has that must not be answered."""
    return mail.header(message, "Return-Path").replace(" ", "") == "<>"


def is_reply(message: Message) -> bool:
    """Whether a machine answers for its owner: RFC 3834, or what came before it."""
    submitted = mail.header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no"):
        return True
    if any(mail.header(message, mark) for mark in MARKS):
        return True
    if mail.header(message, "Precedence").lower() in PRECEDENCES:
        return True
    return bool(SUBJECT.search(subject(message)))


def is_receipt(message: Message) -> bool:
    """Whether it tells that a message was displayed (RFC 8098)."""
    kinds = (part.get_content_type() for part in mail.parts(message))
    return any(kind.endswith("disposition-notification") for kind in kinds)


def subject(message: Message) -> str:
    written = mail.header(message, "Subject")[:MAX_LINE]
    try:
        return str(make_header(decode_header(written)))
    except (HeaderParseError, LookupError, ValueError):
        return written
