"""The files of a message. What they are on the wire is the same for every recipient, and encoded
once, in the form that its provider takes.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

BOUNDARY = b"=_mixed"
"""As that of the texts, no line of base64 or quoted-printable can begin with it."""
OPENING = b'Content-Type: multipart/mixed;\r\n boundary="%b"\r\n\r\n' % BOUNDARY
DELIMITER = b"\r\n--%b\r\n" % BOUNDARY
CLOSING = b"\r\n--%b--\r\n" % BOUNDARY
LINE_BYTES = 57  # 76 characters a line
SEGMENT = 60
"""Characters of a name in one parameter, so that a line stays short (RFC 2231, section 3)."""


@dataclass(frozen=True, slots=True)
class File:
    """`name` has neither control characters nor a quotation mark or backslash."""

    name: str
    content_type: str
    data: bytes


class Attached:
    """The files of a content; false without any. Shared by the lanes."""

    def __init__(self, files: Sequence[File] = ()) -> None:
        self.files = tuple(files)
        self._kept: dict[str, Any] = {}
        self._lock = threading.RLock()  # one form is made of another

    def __bool__(self) -> bool:
        return bool(self.files)

    @property
    def octets(self) -> int:
        return sum(len(file.data) for file in self.files)

    @property
    def mime(self) -> bytes:
        """The parts of a multipart/mixed after the first, and its end; no line begins with a
        dot.
        """
        found: bytes = self._once("mime", lambda: b"".join([*map(_part, self.files), CLOSING]))
        return found

    @property
    def mime_in_base64(self) -> bytes:
        """`mime` in base64 on one line, for a provider that takes a whole message so."""
        found: bytes = self._once("mime_in_base64", lambda: base64.b64encode(self.mime))
        return found

    @property
    def in_base64(self) -> list[str]:
        """The data of each file in base64 on one line, for what is JSON."""
        found: list[str] = self._once(
            "in_base64", lambda: [base64.b64encode(file.data).decode() for file in self.files]
        )
        return found

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._kept:
            with self._lock:
                if name not in self._kept:
                    self._kept[name] = make()
        return self._kept[name]


NOTHING = Attached()


def _part(file: File) -> bytes:
    charset = '; charset="utf-8"' if file.content_type.startswith("text/") else ""
    disposition = ";\r\n ".join(["attachment", *_name_parameters(file.name)])
    head = (
        f"Content-Type: {file.content_type}{charset}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: {disposition}\r\n\r\n"
    )
    return b"".join([DELIMITER, head.encode("ascii"), _lines(file.data)])


def _name_parameters(name: str) -> list[str]:
    """As they are, or as of RFC 2231 for a name beyond ASCII or of more than a line."""
    if name.isascii() and len(name) <= SEGMENT:
        return [f'filename="{name}"']
    segments = list(_segments(name))
    if len(segments) == 1:
        return [f"filename*=utf-8''{segments[0]}"]
    return [
        f"filename*{n}*={segment}" if n else f"filename*0*=utf-8''{segment}"
        for n, segment in enumerate(segments)
    ]


def _segments(name: str) -> Iterator[str]:
    """Percent-encoded, each of whole characters."""
    segment = ""
    for one in name:
        encoded = quote(one, safe="")
        if len(segment) + len(encoded) > SEGMENT:
            yield segment
            segment = ""
        segment += encoded
    yield segment


def _lines(data: bytes) -> bytes:
    return b"\r\n".join(
        binascii.b2a_base64(data[start : start + LINE_BYTES], newline=False)
        for start in range(0, len(data), LINE_BYTES)
    )
