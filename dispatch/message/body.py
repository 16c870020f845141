"""The texts of a message as MIME parts. What is fixed in a template is encoded once and kept; per
message only what fills its gaps is.

Encoded pieces can simply follow each other: in quoted-printable each ends with a soft line break,
and base64 is kept for each of the three positions that a stretch can have in a triple of bytes.

No line ever begins with a dot, so that no transport has to look for dots to double (RFC 5321,
4.5.2).
"""

from __future__ import annotations

import binascii
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, NamedTuple

from campaigns.rendering.content import Rendered
from campaigns.rendering.precompiled import Pieces
from dispatch.message import attached

MAX_LINE = 998  # RFC 5322 section 2.1.1, without the CRLF
BASE64_LINE_BYTES = 57  # 76 characters a line
DOTS_A_LINE = 24  # 72 characters
UNSAFE_IN_7BIT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xff]")
LEADING_DOTS = re.compile(rb"^\.+", re.MULTILINE)
BOUNDARY = b"=_alternative"
"""No line of quoted-printable or base64 can begin with it, nor any text that is left as it is."""

OPENING = b'Content-Type: multipart/alternative;\r\n boundary="%b"\r\n' % BOUNDARY
DELIMITER = b"\r\n--%b\r\n" % BOUNDARY  # the line end before the dashes belongs to it
CLOSING = b"\r\n--%b--\r\n" % BOUNDARY


def body(rendered: Rendered) -> list[bytes]:
    """What follows a message's own headers, in pieces: 7-bit, CRLF line ends, no line over 998
    bytes or with a dot at its start.
    """
    html, text = rendered.html_pieces, rendered.text_pieces
    if not html:
        return _part("plain", text)
    if not text:
        return _part("html", html)
    return [OPENING, DELIMITER, *_part("plain", text), DELIMITER, *_part("html", html), CLOSING]


def _part(subtype: str, pieces: Pieces) -> list[bytes]:
    mould = _mould(pieces.fixed)
    if mould is None or b"\r" in b"".join(pieces.values):
        encoding, data = _encoded(bytes(pieces))
        return [_head(subtype, encoding), data]
    return [_head(subtype, mould.encoding), *mould.fill(pieces.values)]


@lru_cache(maxsize=8)
def _head(subtype: str, encoding: str) -> bytes:
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode("ascii")


class _Mould(ABC):
    """Fixed stretches, encoded, between which encoded values fit."""

    encoding: ClassVar[str]

    @abstractmethod
    def fill(self, values: Sequence[bytes]) -> list[bytes]:
        """The whole text, encoded, in pieces. `values` are UTF-8 without carriage returns."""


class _QuotedPrintable(_Mould):
    encoding = "quoted-printable"

    def __init__(self, fixed: Sequence[bytes]) -> None:
        *before, last = fixed
        self._fixed = [*map(_quoted_piece, before), _quoted(last)]

    def fill(self, values: Sequence[bytes]) -> list[bytes]:
        pieces = [b""] * (2 * len(values) + 1)
        pieces[::2] = self._fixed
        pieces[1::2] = [_quoted_piece(value.replace(b"\n", b"\r\n")) for value in values]
        return pieces


class _Base64(_Mould):
    encoding = "base64"

    def __init__(self, fixed: Sequence[bytes]) -> None:
        self._first, *after = fixed
        self._after = [
            tuple(_Stretch.after(missing, stretch) for missing in range(3)) for stretch in after
        ]

    def fill(self, values: Sequence[bytes]) -> list[bytes]:
        pieces: list[bytes] = []
        left = self._first
        for value, stretches in zip(values, self._after, strict=True):
            left += value.replace(b"\n", b"\r\n")
            stretch = stretches[-len(left) % 3]
            left += stretch.head
            whole = len(left) - len(left) % 3
            pieces += (_base64(left[:whole]), stretch.lines)
            left = left[whole:] + stretch.tail
        return [*pieces, _base64(left)]


class _Stretch(NamedTuple):
    """A fixed stretch whose `head` completes a triple of bytes that was begun before it, whose
    `lines` are encoded, and whose `tail` begins another.
    """

    head: bytes
    lines: bytes
    tail: bytes

    @classmethod
    def after(cls, missing: int, stretch: bytes) -> _Stretch:
        head, rest = stretch[:missing], stretch[missing:]
        whole = len(rest) - len(rest) % 3
        return cls(head, _base64(rest[:whole]), rest[whole:])


@lru_cache(maxsize=128)
def _mould(fixed: tuple[bytes, ...]) -> _Mould | None:
    """None for a text that has to be seen as a whole: nothing is known of its end, or a line end
    could come to lie across a gap.
    """
    if not fixed[-1] or any(stretch.endswith(b"\r") for stretch in fixed[:-1]):
        return None
    *before, last = map(_unix, fixed)
    stretches = [stretch.replace(b"\n", b"\r\n") for stretch in (*before, _ended(last))]
    kind = _Base64 if _is_mostly_foreign(b"".join(stretches)) else _QuotedPrintable
    return kind(stretches)


def _encoded(text: bytes) -> tuple[str, bytes]:
    """The transfer encoding that suits a text, and the text in it, with a line end at its end."""
    data = _ended(_unix(text)).replace(b"\n", b"\r\n")
    if _may_stay(data):
        return "7bit", data
    if _is_mostly_foreign(data):
        return "base64", _base64(data)
    return "quoted-printable", _quoted(data)


def _may_stay(data: bytes) -> bool:
    return (
        not UNSAFE_IN_7BIT.search(data)
        and not _has_leading_dot(data)
        and not any(boundary in data for boundary in (BOUNDARY, attached.BOUNDARY))
        and max(map(len, data.split(b"\r\n"))) <= MAX_LINE
    )


def _has_leading_dot(data: bytes) -> bool:
    return data.startswith(b".") or b"\n." in data


def _unix(data: bytes) -> bytes:
    """`data` with one kind of line end: a bare CR or LF is what smuggles commands."""
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _ended(data: bytes) -> bytes:
    return data if data.endswith(b"\n") else data + b"\n"


def _is_mostly_foreign(data: bytes) -> bool:
    """Quoted-printable triples what is not ASCII, base64 adds a third to everything."""
    ascii_bytes = len(data.decode("utf-8").encode("ascii", "ignore"))
    return (len(data) - ascii_bytes) * 6 > len(data)


def _quoted(data: bytes) -> bytes:
    """`data` ends with a line end: binascii would end lines by LF alone where it saw none."""
    encoded = binascii.b2a_qp(data, istext=True)
    return LEADING_DOTS.sub(_quoted_dots, encoded) if _has_leading_dot(encoded) else encoded


def _quoted_piece(data: bytes) -> bytes:
    """Of a piece that another piece follows."""
    if not data:
        return b""
    encoded = _quoted(data + b"\r\n")[:-2]
    return encoded if data.endswith(b"\n") else encoded + b"=\r\n"


def _quoted_dots(dots: re.Match[bytes]) -> bytes:
    """Dots on lines of their own, as the line that they began may be full without them."""
    whole, rest = divmod(len(dots[0]), DOTS_A_LINE)
    lines = [b"=2E" * DOTS_A_LINE] * whole + [b"=2E" * rest] * (rest > 0)
    return b"".join(line + b"=\r\n" for line in lines)


def _base64(data: bytes) -> bytes:
    return b"".join(
        binascii.b2a_base64(data[start : start + BASE64_LINE_BYTES], newline=False) + b"\r\n"
        for start in range(0, len(data), BASE64_LINE_BYTES)
    )
