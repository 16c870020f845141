"""What kind of file it is, and how its letters are encoded."""

from __future__ import annotations

from io import BytesIO

import pytest

from campaigns.files.encoding import LABELS, SourceError, detected_encoding, refuse_what_is_no_text


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"PK\x03\x04rest", "a spreadsheet or a zip archive"),
        (b"%PDF-1.7\n", "a PDF file"),
        (b"\xef\xbb\xbf <HTML><body><table>", "a web page"),
        (b'<?xml version="1.0"?><Workbook>', "XML"),
        (b'[\n {"email": "a@b.example"}]', "JSON"),
        (b"BEGIN:VCARD\r\nFN:Ada\r\n", "a file of vCards"),
        (bytes(range(256)) * 4, "no text"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 60, "no text"),
    ],
)
def test_what_is_no_table_is_refused_by_what_it_is(raw: bytes, what: str) -> None:
    with pytest.raises(SourceError, match=f"The file is {what}"):
        refuse_what_is_no_text(BytesIO(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b"<ada@example.com>,Ada\n",
        b"email,name\nann@example.com,A\0nn\n",
        "email,name\nann@example.com,Ann\n".encode("utf-16"),
        "email,name\nann@example.com,Ann\n".encode("utf-16-le") * 20,
    ],
)
def test_what_may_be_a_table_is_read(raw: bytes) -> None:
    file = BytesIO(raw)
    refuse_what_is_no_text(file)
    assert file.tell() == len(raw), "it was looked at, and nothing was said against it"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("E-mail;Imię;Nazwisko\na@b.example;Michał;Wójcik\n", "cp1250"),
        ("E-mail;Jméno;Příjmení\na@b.example;Jiří;Dvořák\n", "cp1250"),
        ("E-posta;Adı;Soyadı\na@b.example;Ayşe;Yılmaz\n", "cp1254"),
        ("email;Όνομα;Επώνυμο\na@b.example;Γιώργος;Παππάς\n", "cp1253"),
        ("email,الاسم\na@b.example,محمد\n", "cp1256"),
        ("email,Prénom,Nom\na@b.example,Zoé,Lefèvre\n", "cp1252"),
        ("email,Förnamn,Efternamn\na@b.example,Åsa,Öberg\n", "cp1252"),
        ("email,Имя\na@b.example,Иван\n", "cp1251"),
        ("メールアドレス,名前\na@b.example,山田太郎\n", "iso2022_jp"),
    ],
)
def test_headings_tell_the_encoding(text: str, encoding: str) -> None:
    assert detected_encoding(BytesIO(text.encode(encoding))) == encoding


def test_an_escape_in_a_text_is_not_taken_for_japanese() -> None:
    assert detected_encoding(BytesIO("email,name\na@b.example,\x1b$ é\n".encode())) == "utf-8"


def test_every_encoding_to_choose_from_is_known() -> None:
    assert {"ab".encode(name).decode(name) for name in LABELS} == {"ab"}
