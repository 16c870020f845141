"""A Message as the bytes that travel: the one place where messages are encoded.

Written by hand on `binascii` rather than with `email.message`: that package costs about a
millisecond of CPU per message, folds long Message-IDs and URLs into encoded words that mail clients
do not undo, and leaves 8-bit bodies in. The tests parse what is made here with `email` and allow no
defect.
"""

from __future__ import annotations

import binascii
import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime, quote
from functools import lru_cache
from typing import TYPE_CHECKING

import idna
from django.utils import timezone

from dispatch.errors import MessageError

if TYPE_CHECKING:  # the providers import this module
    from dispatch.providers.base import Message

CRLF = "\r\n"
FOLD_AT = 78
MAX_LINE = 998  # RFC 5322 section 2.1.1, without the CRLF
BASE64_LINE_BYTES = 57  # 76 characters a line

# Control characters end or split a header line in one reader or another: the line separators among
# them did in Python's own.
UNSAFE_IN_HEADER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
UNSAFE_IN_7BIT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]")
HEADER_NAME = re.compile(r"[!-9;-~]{1,76}")
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
    return Envelope(ascii_address(message.from_email), any_address(message.to_email))


def as_bytes(message: Message) -> bytes:
    """The whole message with CRLF line ends, no line over 998 bytes, 7-bit but for a recipient
    beyond ASCII in the header To (RFC 6532). Raises MessageError.
    """
    headers = "".join(_header_lines(message)).encode("utf-8")
    return headers + _body(message)


def ascii_address(address: str) -> str:
    """`address` with its domain as A-labels. Raises MessageError when it is not a plain address in
    ASCII.
    """
    local, _, domain = address.rpartition("@")
    if not LOCAL_PART.fullmatch(local):
        raise MessageError(
            f"The address {address!r} cannot be used: its part before the @ is not plain ASCII."
        )
    return f"{local}@{ascii_domain(domain)}"


def any_address(address: str) -> str:
    """As `ascii_address`, but any script may be used before the @, without its blanks, control
    characters and invisible marks. Raises MessageError.
    """
    local, _, domain = address.rpartition("@")
    if not LOCAL_PART_UTF8.fullmatch(local) or any(map(_is_unsafe, local)):
        raise MessageError(
            f"The address {address!r} cannot be used: its part before the @ is not plain."
        )
    return f"{local}@{ascii_domain(domain)}"


def _is_unsafe(character: str) -> bool:
    return unicodedata.category(character)[0] in "CZ"


@lru_cache(maxsize=4096)
def ascii_domain(domain: str) -> str:
    """`domain` as A-labels. Raises MessageError."""
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise MessageError(f"The domain {domain!r} cannot be used: {error}.") from error


def _header_lines(message: Message) -> Iterator[str]:
    yield _header("From", _mailbox(message.from_name, ascii_address(message.from_email)))
    yield _header("To", _mailbox(message.to_name, any_address(message.to_email)))
    if message.reply_to:
        yield _header("Reply-To", ascii_address(message.reply_to))
    yield _header("Subject", _encoded("Subject", message.subject))
    yield _header("Message-ID", _message_id(message.message_id))
    yield _header("Date", format_datetime(timezone.now()))
    for name, value in message.headers.items():
        yield _extra_header(name, value)
    yield _header("MIME-Version", "1.0")


def _extra_header(name: str, value: str) -> str:
    lowered = name.lower()
    if not HEADER_NAME.fullmatch(name) or lowered in OUR_HEADERS or lowered.startswith("content-"):
        raise MessageError(f"The header {name!r} cannot be set.")
    if value.isascii():
        return _header(name, _checked(name, value).strip())
    return _header(name, _encoded(name, value))


def _message_id(value: str) -> str:
    if not MESSAGE_ID.fullmatch(value):
        raise MessageError(f"The Message-ID {value!r} is malformed.")
    return value


def _mailbox(name: str, address: str) -> str:
    words = _encoded("display name", name)
    if not words:
        return address
    if PHRASE_SPECIALS.search(words) and not words.startswith("=?"):
        words = f'"{quote(words)}"'
    return f"{words} <{address}>"


def _checked(name: str, value: str) -> str:
    if found := UNSAFE_IN_HEADER.search(value):
        raise MessageError(
            f"The {name} contains the character {found.group()!r}, which no header may."
        )
    return value


def _encoded(name: str, value: str) -> str:
    """`value` as ASCII, in encoded words (RFC 2047) where it has to be; blanks are collapsed so
    that it folds safely.
    """
    text = re.sub(r"[ \t]+", " ", _checked(name, value)).strip()
    longest = max(map(len, text.split(" ")))
    if text.isascii() and "=?" not in text and longest <= FOLD_AT:
        return text
    return Header(text, "utf-8", maxlinelen=75).encode(linesep="\n").replace("\n", "")


def _header(name: str, value: str) -> str:
    """The header folded at blanks, which a reader undoes exactly. Raises MessageError when a word
    exceeds a line.
    """
    lines = [f"{name}:"]
    for word in value.split(" "):
        # A line of nothing but blanks would end the header for some readers.
        if len(lines[-1]) + 1 + len(word) > FOLD_AT and word and not _is_bare(lines[-1], name):
            lines.append("")
        lines[-1] += " " + word
    if max(len(line.encode("utf-8")) for line in lines) > MAX_LINE:
        raise MessageError(f"The header {name} has a word too long to send.")
    return CRLF.join(lines) + CRLF


def _is_bare(line: str, name: str) -> bool:
    return line.strip() in ("", f"{name}:")


def _body(message: Message) -> bytes:
    parts = [
        _part(subtype, content)
        for subtype, content in (("plain", message.text), ("html", message.html))
        if content or (subtype == "plain" and not message.html)
    ]
    if len(parts) == 1:
        return parts[0]
    boundary = f"=_{secrets.token_hex(16)}".encode("ascii")
    opening = b'Content-Type: multipart/alternative;\r\n boundary="' + boundary + b'"\r\n\r\n'
    delimited = b"".join(b"--" + boundary + b"\r\n" + part for part in parts)
    return opening + delimited + b"--" + boundary + b"--\r\n"


def _part(subtype: str, content: str) -> bytes:
    try:
        data = content.encode("utf-8")
    except UnicodeEncodeError as error:
        raise MessageError(f"The {subtype} part cannot be encoded: {error.reason}.") from error
    encoding, encoded = _transfer_encoded(_with_crlf(data))
    head = (
        f'Content-Type: text/{subtype}; charset="utf-8"{CRLF}'
        f"Content-Transfer-Encoding: {encoding}{CRLF}{CRLF}"
    )
    return head.encode("ascii") + encoded


def _with_crlf(data: bytes) -> bytes:
    """`data` with CRLF as its only line end, one at its very end included: a bare CR or LF is what
    smuggles commands.
    """
    unix = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not unix.endswith(b"\n"):
        unix += b"\n"
    return unix.replace(b"\n", b"\r\n")


def _transfer_encoded(data: bytes) -> tuple[str, bytes]:
    if not UNSAFE_IN_7BIT.search(data) and max(map(len, data.split(b"\r\n"))) <= MAX_LINE:
        return "7bit", data
    foreign = len(data) - len(data.decode("utf-8").encode("ascii", "ignore"))
    if foreign * 6 > len(data):  # quoted-printable triples these, base64 adds a third to everything
        return "base64", _base64(data)
    return "quoted-printable", binascii.b2a_qp(data, istext=True)


def _base64(data: bytes) -> bytes:
    lines = (
        binascii.b2a_base64(data[start : start + BASE64_LINE_BYTES], newline=False)
        for start in range(0, len(data), BASE64_LINE_BYTES)
    )
    return b"\r\n".join(lines) + b"\r\n"
