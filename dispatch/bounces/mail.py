"""Looking into an untrusted message. Nothing here is larger than what was read of
it, nothing but what was asked for is decoded, and all of it takes time linear in what was read.
"""

from __future__ import annotations

import binascii
import codecs
import email
import itertools
import quopri
import re
from collections.abc import Callable, Iterator
from email.message import Message
from email.parser import HeaderParser
from email.policy import Compat32

from django.utils.translation import gettext_noop

from admin_kit.words.numbers import number
from sandbox import LimitReached

MAX_PARTS = 100
MAX_BOUNDARIES = 50
MAX_BOUNDARY_LINES = 5_000  # each begins a part, before parts are counted
MAX_TEXT = 20_000  # characters of one part
MAX_TEXTS = 10 * MAX_TEXT  # characters of all parts together
MAX_HEADERS = 500  # of one name
MAX_HEADER_BYTES = 100_000  # of all headers of the message, as Postfix has it
MAX_PARAMETERS = 2_000  # characters of a header with parameters, which the library takes apart
DELIVERY_STATUS = "text/delivery-status"
FEEDBACK_REPORT = "text/feedback-report"
_REPORTS = {
    "message/delivery-status": DELIVERY_STATUS,
    "message/global-delivery-status": DELIVERY_STATUS,
    "message/feedback-report": FEEDBACK_REPORT,
}
RETURNED = frozenset({"message/rfc822", "message/global"})
RETURNED_HEADERS = frozenset({"text/rfc822-headers", "message/global-headers"})

# Where a notification in plain words goes over into the message that it is about.
_COPY = re.compile(
    r"^[ \t>]*+(-++ ?(this is a copy|below this line|the following is a copy|original message|"
    r"returned message|message header|unsent message|this is the message|included is a copy)|"
    r"message headers follow|(below is|here is|this is|included is) a copy of (the|your) |"
    r"received: ?|"
    r"return-path: )",
    re.IGNORECASE | re.MULTILINE,
)
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_BOUNDARY_LINE = re.compile(rb"[\r\n]--")
_WITH_PARAMETERS = frozenset({"content-type", "content-disposition"})
_CHARSETS = (
    "ascii", "big5", "cp", "euc", "gb", "hz", "iso", "johab", "koi8", "kz1048", "latin", "mac",
    "ptcp154", "shift", "tis", "utf",
)  # fmt: skip
"""How those begin that are read. Others that Python knows take time beyond all proportion, such as
punycode and idna, or are no charsets of mail."""


class AsText(Compat32):
    """Headers are text as it is written, and no longer than what is looked at."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        longest = MAX_PARAMETERS if name.lower() in _WITH_PARAMETERS else MAX_TEXT
        return name, value[:longest]

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


class _AsBytes(AsText):
    """Of a message whose characters stand for bytes each, also for those that no header may have.

    The library's own way with such bytes is to decode all of a part by the charset that it names,
    which may be one of those that take time beyond all proportion.
    """

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value.encode("latin-1").decode("utf-8", "replace")


class _Part(Message):
    """Machine-readable reports are text, of which `blocks` takes what it needs: the parser makes a
    message of each of their blank lines.
    """

    def get_content_type(self) -> str:
        kind = super().get_content_type()
        return _REPORTS.get(kind, kind)


TEXT = AsText()
_BYTES = _AsBytes()


def parse(raw: bytes) -> Message:
    """Never raises for bytes that are no mail, but LimitReached for more multiparts than any report
    has, and RecursionError for messages within messages within messages.
    """
    # For each line the parser looks at every boundary that it is within.
    if raw.lower().count(b"boundary") > MAX_BOUNDARIES:
        raise LimitReached(
            gettext_noop("has more than %(count)s boundaries") % {"count": MAX_BOUNDARIES}
        )
    if b"boundary" in raw.lower() and len(_BOUNDARY_LINE.findall(raw)) > MAX_BOUNDARY_LINES:
        raise LimitReached(
            gettext_noop("has more than %(count)s parts") % {"count": number(MAX_BOUNDARY_LINES)}
        )
    lines = _with_few_headers(raw).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return email.message_from_string(lines.decode("latin-1"), _Part, policy=_BYTES)


def _with_few_headers(raw: bytes) -> bytes:
    end = _END_OF_HEADERS.search(raw)
    if end is None or end.start() <= MAX_HEADER_BYTES:
        return raw
    return raw[:MAX_HEADER_BYTES] + raw[end.start() :]


def header(message: Message, name: str) -> str:
    """The first header of this name in one line, "" for none."""
    return next(headers(message, name), "")


def headers(message: Message, *names: str) -> Iterator[str]:
    """All headers of these names, each in one line, as they are written."""
    for name in names:
        for value in (message.get_all(name) or [])[:MAX_HEADERS]:
            yield " ".join(str(value)[:MAX_TEXT].split())


def parts(message: Message) -> Iterator[Message]:
    """The message's own parts; not those of a message within it."""
    return itertools.islice(_parts(message), MAX_PARTS)


def _parts(message: Message) -> Iterator[Message]:
    yield message
    payload = message.get_payload()
    if message.get_content_maintype() == "multipart" and isinstance(payload, list):
        for part in payload:
            if isinstance(part, Message):
                yield from _parts(part)


def text(part: Message) -> str:
    """The first characters of a part without parts, decoded as well as can be."""
    payload = part.get_payload()
    if not isinstance(payload, str):
        return ""
    # What is escaped takes up to three characters for a byte, and a character up to four bytes.
    written = payload[: 12 * MAX_TEXT].encode("latin-1")
    encoding = header(part, "Content-Transfer-Encoding").lower()
    return _decoded(_plain(written, encoding), part.get_content_charset())


def _plain(written: bytes, encoding: str) -> bytes:
    """Without its transfer encoding, or as it is when it has none that can be undone."""
    undo: dict[str, Callable[[bytes], bytes]] = {
        "base64": _base64,
        "quoted-printable": quopri.decodestring,
    }
    try:
        return undo[encoding](written) if encoding in undo else written
    except (binascii.Error, ValueError):
        return written


def _base64(written: bytes) -> bytes:
    """Of what may have been cut anywhere."""
    digits = b"".join(written.split()).rstrip(b"=")
    return binascii.a2b_base64(digits[: len(digits) - (len(digits) % 4 == 1)] + b"==")


def _decoded(payload: bytes, charset: str | None) -> str:
    """What does not say its charset and is not UTF-8 is Japanese by its escapes, else nearly always
    Chinese.
    """
    start = payload[: 4 * MAX_TEXT]
    if charset is None and b"\x1b$" in start:
        charset = "iso2022_jp"
    decoded = start.decode(_charset(charset or "utf-8"), "replace")
    if charset is None and "\ufffd" in decoded:
        decoded = start.decode("gb18030", "replace")
    return decoded[:MAX_TEXT]


def _charset(name: str) -> str:
    """The charset of this name, or one that reads anything."""
    try:
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        return "latin-1"
    return known if known.startswith(_CHARSETS) else "latin-1"


def texts(message: Message) -> str:
    """All that the message says in plain text, with what it quotes."""
    return _texts(message, "text/plain")


def _texts(message: Message, kind: str) -> str:
    said: list[str] = []
    left = MAX_TEXTS
    for part in parts(message):
        if left > 0 and kind in (part.get_content_type(), _of_broken(part)):
            said.append(text(part)[:left])
            left -= len(said[-1]) + 1
    return "\n".join(said)


def _of_broken(part: Message) -> str:
    """What a multipart is read as that has no parts, since its boundary is lost."""
    is_broken = part.get_content_maintype() == "multipart" and isinstance(part.get_payload(), str)
    return "text/plain" if is_broken else ""


def notice(message: Message) -> str:
    """What the message says itself, up to the message that it quotes; HTML if it has no plain
    text.
    """
    said = texts(message)
    if not said.strip():
        said = re.sub(r"<[^<>]*+>", " ", _texts(message, "text/html"))
    return _COPY.split(said, maxsplit=1)[0]


def copy(message: Message) -> str:
    """The message that `notice` quotes, "" for none."""
    said = texts(message)
    start = _COPY.search(said)
    return said[start.end() :] if start else ""


def returned(message: Message) -> list[Message]:
    """The message, or its headers, that this one is about."""
    found: list[Message] = []
    for part in parts(message):
        kind, payload = part.get_content_type(), part.get_payload()
        if kind in RETURNED | RETURNED_HEADERS and isinstance(payload, list):
            found += [each for each in payload[:1] if isinstance(each, Message)]
        elif kind in RETURNED | RETURNED_HEADERS:
            found.append(_fields(text(part)))
    return found


def blocks(part: Message) -> list[Message]:
    """The groups of fields of a machine-readable part."""
    return fields_in(text(part))


def fields_in(said: str) -> list[Message]:
    """The groups of fields in a text."""
    groups = re.split(r"\n(?:[ \t\r]*+\n)++", said[:MAX_TEXT].strip(), maxsplit=MAX_PARTS)
    return [_fields(group) for group in groups[:MAX_PARTS] if group.strip()]


def _fields(written: str) -> Message:
    return HeaderParser(policy=TEXT).parsestr(written)
