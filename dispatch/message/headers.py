"""A Message as the bytes that travel: addresses and headers; `dispatch.message.body` has its texts.

Written by hand on `binascii` rather than with `email.message`: that package costs about a
millisecond of CPU per message, folds long Message-IDs and URLs into encoded words that mail clients
do not undo, and leaves 8-bit bodies in. The tests parse what is made here with `email` and allow no
defect.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import format_datetime, quote
from functools import lru_cache

import idna
from django.utils.translation import gettext_noop

from dispatch.errors import MessageError
from dispatch.message import attached
from dispatch.message.body import MAX_LINE, body
from dispatch.message.message import Message

CRLF = "\r\n"
FINAL_DOT = b".\r\n"
FOLD_AT = 78
WORD_BYTES = 39  # an encoded word of 64 characters

# Control characters end or split a header line in one reader or another: the line separators among
# them did in Python's own.
UNSAFE_IN_HEADER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
HEADER_NAME = re.compile(r"[A-Za-z][!-9;-~]{0,75}")
LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
LOCAL_PART_UTF8 = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\u0080-\U0010ffff-]{1,64}")
PHRASE_SPECIALS = re.compile(r'[][\\()<>@,:;".]')
MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
OUR_HEADERS = frozenset(
    [
        "from",
        "to",
        "cc",
        "bcc",
        "sender",
        "reply-to",
        "subject",
        "message-id",
        "date",
        "mime-version",
        "return-path",
        "received",
    ]
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """The addresses of MAIL and RCPT, international domains as A-labels. Only the recipient's part
    before the @ may be beyond ASCII.
    """

    sender: str
    recipient: str

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server with SMTPUTF8 (RFC 6531) can take it."""
        return not self.recipient.isascii()


def envelope(message: Message) -> Envelope:
    """Raises MessageError for an address that cannot travel."""
    sender = message.return_path or message.from_email
    return Envelope(ascii_address(sender), any_address(message.to_email))


def as_bytes(message: Message) -> bytes:
    """The whole message with CRLF line ends, no line over 998 bytes, 7-bit but for a recipient
    beyond ASCII in the header To (RFC 6532). Raises MessageError.
    """
    return b"".join(_pieces(message))


def as_data(message: Message) -> bytes:
    """The whole message as it follows the command DATA, with the final dot. No line of a message
    begins with a dot, so there is none to double. Raises MessageError.
    """
    return b"".join((*_pieces(message), FINAL_DOT))


def ascii_address(address: str) -> str:
    """`address` with its domain as A-labels. Raises MessageError when it is not a plain address in
    ASCII.
    """
    local, _, domain = address.rpartition("@")
    if not LOCAL_PART.fullmatch(local):
        raise MessageError(
            gettext_noop(
                "The address %(address)s cannot be used: its part before the @ is not plain ASCII."
            )
            % {"address": f"{address!r}"}
        )
    return f"{local}@{ascii_domain(domain)}"


def any_address(address: str) -> str:
    """As `ascii_address`, but any script may be used before the @, without its blanks, control
    characters and invisible marks. Raises MessageError.
    """
    local, _, domain = address.rpartition("@")
    if not LOCAL_PART_UTF8.fullmatch(local) or _has_unsafe(local):
        raise MessageError(
            gettext_noop(
                "The address %(address)s cannot be used: its part before the @ is not plain."
            )
            % {"address": f"{address!r}"}
        )
    return f"{local}@{ascii_domain(domain)}"


def _has_unsafe(local: str) -> bool:
    return not local.isascii() and any(unicodedata.category(one)[0] in "CZ" for one in local)


@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    """`domain` as A-labels. Raises MessageError."""
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise MessageError(
            gettext_noop("The domain %(domain)s cannot be used: %(reason)s.")
            % {"domain": f"{domain!r}", "reason": error}
        ) from error


def in_base64(message: Message) -> bytes:
    """`as_bytes` in base64; what is attached was encoded before. Raises MessageError."""
    if not message.attached:
        return base64.b64encode(as_bytes(message))
    pieces = _pieces_before_files(message)
    # Blanks where no reader looks, so that the files begin with a triple of bytes.
    pieces.insert(2, b" " * (-sum(map(len, pieces)) % 3))
    return base64.b64encode(b"".join(pieces)) + message.attached.mime_in_base64


def _pieces(message: Message) -> list[bytes]:
    if message.attached:
        return [*_pieces_before_files(message), message.attached.mime]
    return [_head(message), *body(message.rendered)]


def _pieces_before_files(message: Message) -> list[bytes]:
    return [_head(message), attached.OPENING, attached.DELIMITER, *body(message.rendered)]


def _head(message: Message) -> bytes:
    return "".join(_header_lines(message)).encode("utf-8")


def _header_lines(message: Message) -> Iterator[str]:
    yield _sender_lines(message.from_name, message.from_email, message.reply_to)
    yield _header("To", _mailbox(message.to_name, any_address(message.to_email)))
    yield _header("Subject", _encoded("Subject", message.subject))
    yield _header("Message-ID", _message_id(message.message_id))
    yield _date_line(int(time.time()))
    for name, value in message.headers.items():
        yield _extra_header(name, value)
    yield "MIME-Version: 1.0\r\n"


@lru_cache(maxsize=256)
def _sender_lines(name: str, email: str, reply_to: str) -> str:
    lines = _header("From", _mailbox(name, ascii_address(email)))
    return lines + _header("Reply-To", ascii_address(reply_to)) if reply_to else lines


@lru_cache(maxsize=1)
def _date_line(timestamp: int) -> str:
    return _header("Date", format_datetime(dt.datetime.fromtimestamp(timestamp, dt.UTC)))


def _extra_header(name: str, value: str) -> str:
    lowered = name.lower()
    if not HEADER_NAME.fullmatch(name) or lowered in OUR_HEADERS or lowered.startswith("content-"):
        raise MessageError(
            gettext_noop("The header %(name)s cannot be set.") % {"name": f"{name!r}"}
        )
    if value.isascii():
        return _header(name, _checked(name, value).strip())
    return _header(name, _encoded(name, value))


def _message_id(value: str) -> str:
    if not MESSAGE_ID.fullmatch(value):
        raise MessageError(
            gettext_noop("The Message-ID %(value)s is malformed.") % {"value": f"{value!r}"}
        )
    return value


def _mailbox(name: str, address: str) -> str:
    words = _encoded(gettext_noop("display name"), name)
    if not words:
        return address
    if PHRASE_SPECIALS.search(words) and not words.startswith("=?"):
        words = f'"{quote(words)}"'
    return f"{words} <{address}>"


def _checked(name: str, value: str) -> str:
    if found := UNSAFE_IN_HEADER.search(value):
        raise MessageError(
            gettext_noop(
                "The %(header)s contains the character %(character)s, which no header may."
            )
            % {"header": name, "character": f"{found.group()!r}"}
        )
    return value


def _encoded(name: str, value: str) -> str:
    """`value` as ASCII, in encoded words (RFC 2047) where it has to be; blanks are collapsed so
    that it folds safely.
    """
    text = re.sub(r"[ \t]+", " ", _checked(name, value)).strip(" ")
    longest = max(map(len, text.split(" ")))
    if text.isascii() and "=?" not in text and longest <= FOLD_AT:
        return text
    return " ".join(_encoded_words(text.encode("utf-8")))


def _encoded_words(data: bytes) -> Iterator[str]:
    """Words that each stand for whole characters, as readers decode them one by one."""
    while data:
        end = len(data) if len(data) <= WORD_BYTES else WORD_BYTES
        while end < len(data) and data[end] & 0xC0 == 0x80:  # amid a character
            end -= 1
        yield f"=?utf-8?b?{binascii.b2a_base64(data[:end], newline=False).decode('ascii')}?="
        data = data[end:]


def _header(name: str, value: str) -> str:
    """The header folded at blanks, which a reader undoes exactly. Raises MessageError when a word
    exceeds a line.
    """
    line = f"{name}: {value}"
    if len(line) <= FOLD_AT:
        return line + CRLF
    lines = [f"{name}:"]
    for word in value.split(" "):
        # A line of nothing but blanks would end the header for some readers.
        if len(lines[-1]) + 1 + len(word) > FOLD_AT and word and not _is_bare(lines[-1], name):
            lines.append("")
        lines[-1] += " " + word
    if max(len(line.encode("utf-8")) for line in lines) > MAX_LINE:
        raise MessageError(
            gettext_noop("The header %(name)s has a word too long to send.") % {"name": name}
        )
    return CRLF.join(lines) + CRLF


def _is_bare(line: str, name: str) -> bool:
    return line.strip() in ("", f"{name}:")
