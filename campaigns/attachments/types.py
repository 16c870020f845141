"""What a file is, by its content: its type for mail programs, and whether it may go out.

Gmail refuses messages with the files of FORBIDDEN, also within archives, and archives that need a
password (its help, “File types blocked in Gmail”, answer 6590); other providers do alike. One such
file would cost the whole campaign.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

from django.utils.translation import gettext

from campaigns.attachments.names import Refused, extension
from sandbox import Limits, bounded

FORBIDDEN = frozenset("""
ade adp apk appx appxbundle bat cab chm cmd com cpl diagcab diagcfg diagpkg dll dmg ex ex_ exe hta
img ins iso isp jar jnlp js jse lib lnk mde mjs msc msi msix msixbundle msp mst nsh pif ps1 scr
sct shb sys vb vbe vbs vhd vxd wsc wsf wsh xll
""".split())  # noqa: SIM905  # fmt: skip
TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "zip": "application/zip",
    "gz": "application/gzip",
    "rtf": "application/rtf",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "epub": "application/epub+zip",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "txt": "text/plain",
    "csv": "text/csv",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "html": "text/html",
    "htm": "text/html",
    "xml": "application/xml",
    "json": "application/json",
}
OTHER = "application/octet-stream"
ZIP, OLE = (b"PK\x03\x04", b"PK\x05\x06"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
BEGINNINGS = {
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
    "webp": (b"RIFF",),
    "gz": (b"\x1f\x8b",),
    "rtf": (b"{\\rtf",),
    **dict.fromkeys(("zip", "docx", "xlsx", "pptx", "odt", "ods", "odp", "epub"), ZIP),
    **dict.fromkeys(("doc", "xls", "ppt"), OLE),
}
PACKED = frozenset({"gz", "bz2", "xz", "zst", "z"})
"""The name of what is in it is its own without this."""
PROGRAMS = (
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"#!",
)
MOST_MEMBERS = 10_000
LIMITS = Limits(cpu_seconds=5, memory_megabytes=500)


@bounded(LIMITS, raises=(Refused,))
def type_of(name: str, data: bytes) -> str:
    """The type of a file with this name. Raises Refused, LimitReached or Failed."""
    if not data:
        raise Refused(gettext("The file is empty."))
    kind = extension(name)
    if not kind:
        raise Refused(
            gettext("The file's name has no ending, such as “.pdf”, that says what opens it.")
        )
    if _is_forbidden(name) or _is_program(data):
        raise Refused(_forbidden(gettext("“%(name)s” is a program") % {"name": name}))
    beginnings = BEGINNINGS.get(kind)
    if beginnings and not data.startswith(beginnings):
        raise Refused(
            gettext("“%(name)s” is no %(type)s file: its content is another. Save it anew.")
            % {"name": name, "type": kind.upper()}
        )
    if data.startswith(ZIP):
        _check_members(name, data)
    found = TYPES.get(kind, OTHER)
    return OTHER if found.startswith("text/") and not _is_text(data) else found


def _forbidden(what: str) -> str:
    return gettext(
        "%(what)s, and Gmail and others refuse messages with one. Put it on a website, "
        "and link to it."
    ) % {"what": what}


def _is_forbidden(name: str) -> bool:
    kind = extension(name)
    if kind in PACKED:
        return _is_forbidden(name.rstrip(". ")[: -len(kind) - 1])
    return kind in FORBIDDEN


def _is_program(data: bytes) -> bool:
    is_windows = data.startswith(b"MZ") and b"\x00" in data[:64]
    return is_windows or data.startswith(PROGRAMS)


def _is_text(data: bytes) -> bool:
    try:
        return "\x00" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _check_members(name: str, data: bytes) -> None:
    for member in _members(name, data):
        if member.flag_bits & 1:
            raise Refused(
                _forbidden(
                    gettext("“%(name)s” is an archive that needs a password") % {"name": name}
                )
            )
        if _is_forbidden(member.filename):
            raise Refused(_forbidden(gettext("There is a program in “%(name)s”") % {"name": name}))


def _members(name: str, data: bytes) -> Iterator[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Refused(
            gettext("“%(name)s” is damaged, and cannot be opened. Save it anew.") % {"name": name}
        ) from error
    if len(members) > MOST_MEMBERS:
        raise Refused(
            gettext("“%(name)s” has more than %(most)s files in it.")
            % {"name": name, "most": f"{MOST_MEMBERS:,}"}
        )
    yield from members
