"""Files of messages, parsed by the standard library, which must find no defect in them."""

from __future__ import annotations

import base64
import email
import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.message.attached import Attached, File
from dispatch.message.headers import as_bytes, as_data, in_base64
from dispatch.message.message import Message
from tests.dispatch.providers.samples import a_message

PDF = File("programme.pdf", "application/pdf", b"%PDF-1.7\r\n.\r\n..\n" + bytes(range(256)) * 9)
NAMES = [
    "programme.pdf",
    "春季特卖 2026.pdf",
    "Übersicht “neu”; final, v2.pdf",
    "a" * 146 + ".pdf",
    "👩‍👩‍👧‍👦" * 5 + ".pdf",
    "it's 100%*.pdf".replace("*", ""),
    "נספח.pdf",
]


def with_files(*files: File, **changes: str) -> Message:
    return a_message(attached=Attached(files), **changes)


def parsed(message: Message) -> EmailMessage:
    made = email.message_from_bytes(as_bytes(message), policy=email.policy.default)
    assert isinstance(made, EmailMessage)
    for part in made.walk():
        assert not part.defects
        assert all(not header.defects for header in part.values())
    return made


def files_of(message: Message) -> list[tuple[str | None, str, object]]:
    found = parsed(message).iter_attachments()
    return [(p.get_filename(), p.get_content_type(), p.get_payload(decode=True)) for p in found]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_arrives_under_its_name(name: str) -> None:
    message = with_files(File(name, "application/pdf", PDF.data))
    assert files_of(message) == [(name, "application/pdf", PDF.data)]


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=400))
def test_any_bytes_arrive_as_they_are(data: bytes) -> None:
    files = files_of(with_files(File("a.bin", "application/octet-stream", data), PDF))
    assert [content for _, _, content in files] == [data, PDF.data]


def test_the_texts_are_as_without_files() -> None:
    plain, with_pdf = parsed(a_message()), parsed(with_files(PDF))
    for kind in ("plain", "html"):
        texts = [each.get_body((kind,)) for each in (plain, with_pdf)]
        contents = [text.get_content() if text else None for text in texts]
        assert contents[0] == contents[1] is not None


def test_a_text_of_one_kind_may_have_files() -> None:
    message = with_files(PDF, html="")
    assert parsed(message).get_content_type() == "multipart/mixed"
    assert files_of(message) == [("programme.pdf", "application/pdf", PDF.data)]


def test_a_text_that_looks_like_the_boundary_does_not_end_its_part() -> None:
    words = "Hello\n--=_mixed--\n--=_alternative\nBye"
    body = parsed(with_files(PDF, html="", text=words)).get_body(("plain",))
    assert body is not None and body.get_content().split() == words.split()


def test_no_line_begins_with_a_dot_or_is_long() -> None:
    data = as_data(with_files(PDF, File("年" * 60 + ".txt", "text/plain", b"." * 5000)))
    lines = data.split(b"\r\n")
    assert [line for line in lines if line.startswith(b".")] == [b"."]
    assert max(map(len, lines)) <= 98


@pytest.mark.parametrize("text", ["Hello", "Hello!", "Hello!!", "Hello!!!"])
def test_the_whole_in_base64_is_the_same_message(text: str) -> None:
    message = with_files(PDF, File("b.txt", "text/plain", b"b"), text=text)
    whole = base64.b64decode(in_base64(message), validate=True)
    made = email.message_from_bytes(whole, policy=email.policy.default)
    assert isinstance(made, EmailMessage)
    contents = [part.get_payload(decode=True) for part in made.iter_attachments()]
    body = made.get_body(("plain",))
    assert (contents, made.defects) == ([PDF.data, b"b"], [])
    assert body is not None and body.get_content().strip() == text


def test_files_are_encoded_once() -> None:
    attached = Attached([PDF])
    assert attached.mime is attached.mime
    assert attached.in_base64 is attached.in_base64
    assert attached.mime_in_base64 is attached.mime_in_base64
