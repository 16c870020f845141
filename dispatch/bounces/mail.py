"""Looking into a message that anybody may have sent. Nothing here is larger than what was read of
it, and nothing but what was asked for is decoded.
"""

from __future__ import annotations

import email
import itertools
import re
from collections.abc import Iterable, Iterator
from email.message import Message
from email.parser import HeaderParser
from email.policy import Compat32

MAX_PARTS = 100
MAX_TEXT = 20_000  # characters of one part
MAX_HEADERS = 500
RETURNED = frozenset({"message/rfc822", "message/global"})
RETURNED_HEADERS = frozenset({"text/rfc822-headers", "message/global-headers"})

# Where a notification in plain words goes over into the message that it is about.
_COPY = re.compile(
    r"^[ \t>]*(-+ ?(this is a copy|below this line|the following is a copy|original message|"
    r"returned message|message header|unsent message|this is the message)|received: |"
    r"return-path: )",
    re.IGNORECASE | re.MULTILINE,
)


class _AsWritten(Compat32):
    """Headers are text, also those with bytes that no header may have."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def parse(raw: bytes) -> Message:
    """Never raises for bytes that are no mail, but RecursionError for parts within parts within
    parts.
    """
    return email.message_from_bytes(raw, policy=_AsWritten())


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
    payload = part.get_payload(decode=True)
    return _decoded(payload, part.get_content_charset()) if isinstance(payload, bytes) else ""


def _decoded(payload: bytes, charset: str | None) -> str:
    """What does not say its charset and is not UTF-8 is nearly always Chinese."""
    start = payload[: 4 * MAX_TEXT]
    try:
        decoded = start.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        decoded = start.decode("latin-1")
    if charset is None and "\ufffd" in decoded:
        decoded = start.decode("gb18030", "replace")
    return decoded[:MAX_TEXT]


def texts(message: Message) -> str:
    """All that the message says in plain text, with what it quotes."""
    plain = (p for p in parts(message) if p.get_content_type() == "text/plain")
    return "\n".join(text(part) for part in plain)


def notice(message: Message) -> str:
    """What the message says itself, up to the message that it quotes; HTML if it has no plain
    text.
    """
    said = texts(message)
    if not said.strip():
        pages = (p for p in parts(message) if p.get_content_type() == "text/html")
        said = re.sub(r"<[^<>]*>", " ", "\n".join(text(part) for part in pages))
    return _COPY.split(said, maxsplit=1)[0]


def returned(message: Message) -> list[Message]:
    """The message, or its headers, that this one is about."""
    found: list[Message] = []
    for part in parts(message):
        kind, payload = part.get_content_type(), part.get_payload()
        if kind in RETURNED | RETURNED_HEADERS and isinstance(payload, list):
            found += [each for each in payload[:1] if isinstance(each, Message)]
        elif kind in RETURNED | RETURNED_HEADERS:
            found.append(HeaderParser().parsestr(text(part)))
    return found


def blocks(part: Message) -> list[Message]:
    """The groups of fields of a machine-readable part, however the parser took it."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        return _blocks(text(part))
    if header(part, "Content-Transfer-Encoding").lower() == "base64":
        return _blocks(_from_base64(payload))
    found: list[Message] = []
    for each in payload[:MAX_PARTS]:
        if isinstance(each, Message):
            found.append(each)
            rest = each.get_payload()
            found += _blocks(rest) if isinstance(rest, str) and rest.strip() else []
    return found


def _from_base64(payload: Iterable[object]) -> str:
    """What the parser took for messages without headers."""
    encoded = Message()
    encoded["Content-Transfer-Encoding"] = "base64"
    encoded.set_payload("".join(str(p.get_payload()) for p in payload if isinstance(p, Message)))
    return text(encoded)


def _blocks(fields: str) -> list[Message]:
    groups = re.split(r"\r?\n[ \t]*\r?\n", fields[:MAX_TEXT].strip())[:MAX_PARTS]
    return [HeaderParser().parsestr(group) for group in groups if group.strip()]
