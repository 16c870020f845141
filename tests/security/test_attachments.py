"""Files that staff attach: what is not taken, and under which name the others go out."""

from __future__ import annotations

import pytest

from campaigns.attachments import keeping, names
from campaigns.attachments.names import Refused
from tests.campaigns.attachments.making import PDF, zipped

WINDOWS = b"MZ\x90\x00" + bytes(60) + b"PE\x00\x00"
ENCRYPTED = zipped("a.txt").replace(
    b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"
)


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("setup.exe", b"text", "is a program"),
        ("invoice.pdf.exe", b"text", "is a program"),
        ("Setup.EXE", b"text", "is a program"),
        ("setup.exe. .", b"text", "is a program"),
        ("setup.ｅｘｅ", b"text", "is a program"),
        ("page.hta", b"text", "is a program"),
        ("macro.js", b"text", "is a program"),
        ("setup.exe.gz", b"\x1f\x8b", "is a program"),
        ("image.png", WINDOWS, "is a program"),
        ("notes.txt", b"#!/bin/sh\nrm", "is a program"),
        ("tool.bin", b"\x7fELF\x02", "is a program"),
        ("all.zip", zipped("a.txt", "deep/in/it.vbs"), "There is a program in"),
        ("all.docx", zipped("word/run.exe"), "There is a program in"),
        ("all.zip", ENCRYPTED, "needs a password"),
        ("all.zip", b"PK\x03\x04 and nothing more", "is damaged"),
        ("programme.pdf", b"\x89PNG\r\n\x1a\n", "is no PDF file"),
        ("programme.pdf", b"", "The file is empty"),
        ("programme", PDF, "has no ending"),
        (".pdf", PDF, "has no name"),
        ("", PDF, "has no name"),
        ("..", PDF, "has no name"),
        ("programme\u202efdp.pdf", PDF, "characters that are not seen"),
        ("programme\u200b.pdf", PDF, "characters that are not seen"),
        ("pro\x00gramme.pdf", PDF, "characters that are not seen"),
        ("a\r\nBcc: eve@example.net.pdf", PDF, "characters that are not seen"),
        ('a"; x="b.pdf', PDF, "which many systems do not take"),
        ("a.pdf:stream.pdf", PDF, "which many systems do not take"),
        ("a" * 150 + ".pdf", PDF, "more than 150 characters"),
    ],
)
def test_what_is_dangerous_or_hides_what_it_is_is_refused(name: str, data: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        keeping.take(name, data)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/programme.pdf", "programme.pdf"),
        ("C:\\Users\\ada\\programme.pdf", "programme.pdf"),
        ("U\u0308bersicht.pdf", "Übersicht.pdf"),
        ("👩‍👧.pdf", "👩‍👧.pdf"),
        (" programme.pdf . ", "programme.pdf"),
    ],
)
def test_a_name_is_the_last_part_of_a_path(given: str, kept: str) -> None:
    assert names.clean(given) == kept


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("programme.pdf", PDF, "application/pdf"),
        ("list.csv", "Zoë;1".encode(), "text/csv"),
        ("list.csv", "Zoë;1".encode("latin-1"), "application/octet-stream"),
        ("list.csv", b"a\x00b", "application/octet-stream"),
        ("plan.xyz", b"anything", "application/octet-stream"),
        ("all.zip", zipped("a.txt", "b.pdf"), "application/zip"),
    ],
)
def test_the_type_is_that_of_the_content(name: str, data: bytes, kind: str) -> None:
    assert keeping.take(name, data).content_type == kind


def test_a_file_beyond_the_bound_is_refused_unread() -> None:
    with pytest.raises(Refused, match="25 MB together at most"):
        keeping.take("large.pdf", bytes(keeping.MOST_OCTETS + 1))
