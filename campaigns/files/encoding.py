"""Detect a text file's encoding: by its byte order mark, or the first encoding that fits."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from io import IncrementalNewlineDecoder
from typing import BinaryIO

_CHUNK = 1 << 16  # bytes
_SAMPLE = 1 << 20  # bytes
_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",  # begins as that of UTF-16 does
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_NOT_TEXT = {
    b"PK\x03\x04": "a spreadsheet or a zip archive",
    b"\xd0\xcf\x11\xe0": "an Excel file",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF file",
}
_HIGH_BYTES = re.compile(rb"[\x80-\xff]++")
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


class SourceError(Exception):
    """The file cannot be read as a table; the message is for staff."""


def refuse_what_is_no_text(file: BinaryIO) -> None:
    file.seek(0)
    start = file.read(8)
    for signature, what in _NOT_TEXT.items():
        if start.startswith(signature):
            raise SourceError(f"The file is {what}. Open it, and save the table in it as CSV.")


def detected_encoding(file: BinaryIO) -> str:
    """By byte order mark, else the first of UTF-16, UTF-8, GB18030 and Windows-1252 that fits the
    file. Raises SourceError for one that is UTF-8 but for a few bytes: read as anything else, all
    of its letters would be wrong.
    """
    file.seek(0)
    start = file.read(_SAMPLE)
    for bom, encoding in _BOMS.items():
        if start.startswith(bom):
            return encoding
    if encoding := _unmarked_utf16(start):
        return encoding
    if not (wrong := _first_wrong(file, "utf-8")):
        return "utf-8"
    if _is_mostly_utf8(file):
        raise SourceError(
            f"Line {wrong[0]:,} is not valid UTF-8 ({wrong[1]}), though the file is but for a few "
            "bytes, and nothing was imported. Mend the line, or name the encoding of the file."
        )
    if _looks_chinese(start) and not _first_wrong(file, "gb18030"):
        return "gb18030"
    return "cp1252"


def invalid(file: BinaryIO, encoding: str) -> SourceError:
    """The error for a file that is not in the encoding in which it was read."""
    line, what = _first_wrong(file, encoding) or (1, "it ends within a character")
    return SourceError(
        f"The file is not valid {encoding}: see line {line:,} ({what}). Nothing was imported. Save "
        "it as UTF-8, or name its encoding."
    )


def _unmarked_utf16(sample: bytes) -> str:
    """UTF-16 without a byte order mark, by the empty halves of its ASCII characters; else ""."""
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        empty, other = sample[first::2].count(0), sample[1 - first :: 2].count(0)
        if empty * 8 > len(sample) and empty > 8 * other:
            return encoding
    return ""


def _first_wrong(file: BinaryIO, encoding: str) -> tuple[int, str] | None:
    """The line of the first bytes that are invalid in this encoding, and the bytes; else None."""
    decoder = IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
    lines = 1
    try:
        for chunk, is_last in _chunks(file):
            lines += decoder.decode(chunk, is_last).count("\n")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(error.encoding, "replace")
        before = "\r" * (decoder.getstate()[1] & 1) + before  # it kept one back
        lines += len(re.findall("\r\n?|\n", before))
        return lines, f"bytes {error.object[error.start : error.end].hex(' ').upper()}"
    return None


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """The bytes of a file, and whether they are the last."""
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk, False
    yield b"", True


def _is_mostly_utf8(file: BinaryIO) -> bool:
    """Whether at least as many characters beyond ASCII are valid UTF-8 as are not. Surrogates are
    no characters, but nothing else than UTF-8 writes them so.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good = wrong = 0
    for chunk, is_last in _chunks(file):
        text = decoder.decode(chunk, is_last)
        surrogates, replaced = len(_SURROGATE.findall(chunk)), text.count("\ufffd")
        good += surrogates + len(text) - replaced - len(text.encode("ascii", "ignore"))
        wrong += replaced - 3 * surrogates
    return good >= wrong


def _looks_chinese(sample: bytes) -> bool:
    """Most Western text is valid GB18030 too, but its accents stand alone between ASCII letters."""
    lengths = [len(run) for run in _HIGH_BYTES.findall(sample)]
    pairs = sum(1 for length in lengths if length % 2 == 0)
    return pairs * 2 > len(lengths)
