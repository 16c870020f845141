"""Detect a text file's encoding: by its byte order mark, or the first encoding that fits."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from io import IncrementalNewlineDecoder
from typing import BinaryIO

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.files.contact_columns import known_column

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
    b"PK\x03\x04": _("a spreadsheet or a zip archive"),
    b"\xd0\xcf\x11\xe0": _("an Excel file"),
    b"\x1f\x8b": _("a gzip archive"),
    b"%PDF": _("a PDF file"),
}
_MARKUP = {
    # Many programs give a web page with a table a name that ends in .xls.
    _("a web page (HTML)"): re.compile(
        rb"<(?:!doctype html|html|head|meta|style|body|table)\b", re.I
    ),
    "XML": re.compile(rb"<\?xml\b", re.I),
    "JSON": re.compile(rb"(?:\[\s*+)?\{\s*+\""),
    _("a file of vCards"): re.compile(rb"begin:vcard\b", re.I),
}
_CONTROL = bytes({*range(0x20), 0x7F} - set(b"\t\n\v\f\r\x1a\x1b"))
_MOST_CONTROL = 32
"""Control characters that a text may have in its beginning, if they are a twentieth of it."""
LABELS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": _("Windows-1252 (Western European)"),
    "cp1250": _("Windows-1250 (Central European)"),
    "cp1254": _("Windows-1254 (Turkish)"),
    "cp1253": _("Windows-1253 (Greek)"),
    "cp1257": _("Windows-1257 (Baltic)"),
    "gb18030": _("GB 18030 (simplified Chinese)"),
    "big5": _("Big5 (traditional Chinese)"),
    "cp932": _("Shift JIS (Japanese)"),
    "euc_jp": _("EUC-JP (Japanese)"),
    "iso2022_jp": _("ISO-2022-JP (Japanese)"),
    "cp949": _("Windows-949 (Korean)"),
    "cp1251": _("Windows-1251 (Cyrillic)"),
    "koi8_r": _("KOI8-R (Cyrillic)"),
    "cp1255": _("Windows-1255 (Hebrew)"),
    "cp1256": _("Windows-1256 (Arabic)"),
    "cp874": _("Windows-874 (Thai)"),
    "cp850": _("DOS 850 (Western European)"),
    "mac_roman": _("Macintosh (Western European)"),
}
"""The encodings to choose from."""
_REGIONAL = ("gb18030", "big5", "cp932", "euc_jp", "cp949", "cp1251", "koi8_r")
"""Tried where nothing else tells the encoding."""
_BY_HEADINGS = ("cp1252", *_REGIONAL, "cp1250", "cp1254", "cp1253", "cp1256")
"""What headings may tell; where they read the same, the first."""
_CYRILLIC = re.compile(rb"[\xc0-\xff\xa8\xb8]+")
_HIGH_BYTES = re.compile(rb"[\x80-\xff]++")
_ESCAPED = b"\x1b$"
"""What goes before Japanese letters that are written as ASCII, in ISO-2022-JP."""
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


class SourceError(Exception):
    """The file cannot be read as a table; the message is for staff."""


def refuse_what_is_no_text(file: BinaryIO) -> None:
    file.seek(0)
    start = file.read(_CHUNK)
    if what := _what_is_no_table(start):
        raise SourceError(
            gettext("The file is %(what)s. Open it, and save the table in it as CSV.")
            % {"what": what}
        )
    if not start.startswith(tuple(_BOMS)) and not _unmarked_utf16(start) and _is_binary(start):
        raise SourceError(
            gettext(
                "The file is no text: it may be a picture, a program or damaged. Save the table "
                "as CSV."
            )
        )


def _what_is_no_table(start: bytes) -> str:
    found = (what for signature, what in _NOT_TEXT.items() if start.startswith(signature))
    text = start.removeprefix(codecs.BOM_UTF8)
    marked = (what for what, pattern in _MARKUP.items() if pattern.match(text.lstrip()))
    return str(next(found, "") or next(marked, ""))


def _is_binary(start: bytes) -> bool:
    control = len(start) - len(start.translate(None, _CONTROL))
    return control > _MOST_CONTROL and control * 20 > len(start)


def detected_encoding(file: BinaryIO) -> str:
    """By byte order mark, else UTF-16, ISO-2022-JP or UTF-8 if it fits; then the one in which the
    first line has headings that are known, and by the look of the letters GB18030, Windows-1251 or
    Windows-1252. Raises SourceError for one that is UTF-8 but for a few bytes: read as anything
    else, all of its letters would be wrong.
    """
    file.seek(0)
    start = file.read(_SAMPLE)
    for bom, encoding in _BOMS.items():
        if start.startswith(bom):
            return encoding
    if encoding := _unmarked_utf16(start):
        return encoding
    if _ESCAPED in start and not _first_wrong(file, "iso2022_jp"):
        return "iso2022_jp"
    if not (wrong := _first_wrong(file, "utf-8")):
        return "utf-8"
    if _is_mostly_utf8(file):
        raise SourceError(
            gettext(
                "Line %(line)s is not valid UTF-8 (%(what)s), though the file is but for a "
                "few bytes, and nothing was imported. Mend the line, or name the encoding of the "
                "file."
            )
            % {"line": f"{wrong[0]:,}", "what": wrong[1]}
        )
    return _regional(file, start)


def invalid(file: BinaryIO, encoding: str) -> SourceError:
    """The error for a file that is not in the encoding in which it was read."""
    line, what = _first_wrong(file, encoding) or (1, gettext("it ends within a character"))
    return SourceError(
        gettext(
            "The file is not valid %(encoding)s: see line %(line)s (%(what)s). Nothing was "
            "imported. Save it as UTF-8, or name its encoding."
        )
        % {"encoding": encoding, "line": f"{line:,}", "what": what}
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
        wrong = error.object[error.start : error.end].hex(" ").upper()
        return lines, gettext("bytes %(bytes)s") % {"bytes": wrong}
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


def _regional(file: BinaryIO, start: bytes) -> str:
    likely = [by_headings] if (by_headings := _by_headings(start)) else []
    likely += ["cp1251"] if _looks_cyrillic(start) else []
    likely += ["gb18030"] if _looks_chinese(start) else []
    for encoding in (*likely, "cp1252", *_REGIONAL):
        if not _first_wrong(file, encoding):
            return encoding
    return "cp1252"


def _by_headings(sample: bytes) -> str:
    """The encoding in which most headings beyond ASCII in the first line are known ones."""
    line = re.split(rb"[\r\n]", sample, maxsplit=1)[0][: 1 << 14]
    known: dict[str, int] = {}
    for encoding in _BY_HEADINGS if not line.isascii() else ():
        headings = re.split("[,;\t|]", line.decode(encoding, "replace"))
        known[encoding] = sum(
            not heading.isascii() and known_column(heading) is not None for heading in headings
        )
    best = max(known, key=lambda encoding: known[encoding], default="")
    return best if known.get(best) else ""


def _looks_cyrillic(sample: bytes) -> bool:
    """Words of letters beyond ASCII alone, all in the upper part of the table."""
    runs = _HIGH_BYTES.findall(sample)
    letters = sum(map(len, _CYRILLIC.findall(sample)))
    total = sum(map(len, runs))
    return total > 0 and letters >= 0.97 * total and total >= 2.5 * len(runs)


def _looks_chinese(sample: bytes) -> bool:
    """Most Western text is valid GB18030 too, but its accents stand alone between ASCII letters."""
    lengths = [len(run) for run in _HIGH_BYTES.findall(sample)]
    pairs = sum(1 for length in lengths if length % 2 == 0)
    return pairs * 2 > len(lengths)
