"""What anybody may write into the header Content-Type, and into the bodies that it describes."""

from __future__ import annotations

import io
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.db.models.functions import Now
from django.test import Client

from campaigns.models import SubTask, Suppression
from edm_project.web.content_types import understood
from edm_project.wsgi import application
from tests.factories import EmailServiceFactory, SubTaskFactory
from tracking.links.tokens import Purpose, sign
from tracking.views.public import MAX_BODY

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"
TYPES = {
    "an encoding that there is not": f"{FORM}; charset*=bogus''x",
    "a boundary in an encoding that there is not": "multipart/form-data; boundary*=bogus''x",
    "an encoding that always fails": "text/plain; x*=undefined''%41",
    "an encoding of names of hosts": "text/plain; x*=idna''%41%ff",
    "a charset that always fails": f"{FORM}; charset=undefined",
    "a charset that is no text": f"{FORM}; charset=hex",
    "a charset that unpacks": f"{FORM}; charset=zlib",
    "a charset of names of hosts": f"{FORM}; charset=idna",
    "a charset with a nul": f"{FORM}; charset=a\0b",
    "parts without a boundary": "multipart/form-data",
    "parts with an empty boundary": "multipart/form-data; boundary=",
    "parts with a long boundary": "multipart/form-data; boundary=" + "b" * 8_000,
}


def part(*headers: str) -> bytes:
    return "\r\n".join(("--b", *headers, "", "x", "")).encode()


REASON = 'Content-Disposition: form-data; name="reason"'
FILE = 'Content-Disposition: form-data; name=a; filename="f"'
BODIES: dict[str, tuple[str, bytes]] = {
    "a part without headers, many times": (PARTS, b"--b\r\n\r\n" * 1_200),
    "many parts": (PARTS, part(REASON) * 150),
    "many files": (PARTS, part(FILE) * 140),
    "a name of a file in no encoding": (PARTS, part(f"{REASON}; filename*=bogus''x")),
    "a name in no encoding": (PARTS, part("Content-Disposition: form-data; name*=bogus''x")),
    "a part in no charset": (PARTS, part("Content-Type: text/plain; charset=hex", REASON)),
    "a file in no charset": (PARTS, part("Content-Type: text/plain; charset=undefined", FILE)),
    "a part that is not base64": (PARTS, part(REASON, "Content-Transfer-Encoding: base64")),
    "a part that never ends": (PARTS, b"--b\r\n" + b"X: y\r\n" * 1_600),
    "more fields than are taken": (FORM, b"&" * MAX_BODY),
    "bytes that are no text": (FORM, b"reason=\xff\xfe%ff%00"),
    "a document": ("application/json", b"{" * 9_000),
}


def environ(path: str, content_type: str, body: bytes = b"", query: str = "") -> dict[str, Any]:
    """A request as a web server hands it over."""
    made: dict[str, Any] = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "localhost",
        "wsgi.input": io.BytesIO(body),
    }
    setup_testing_defaults(made)
    return made


def answer(*args: Any, **kwargs: Any) -> int:
    """The status of the answer, in the transaction of the test."""
    answers: list[Any] = []

    def ask(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        answers.append(Client().request(**environ))
        return []

    understood(ask)(environ(*args, **kwargs), None)
    status: int = answers[0].status_code
    return status


def test_the_site_sifts_what_it_is_asked() -> None:
    said: list[str] = []
    asked = environ("/nothing", "text/plain; charset*=bogus''x")
    list(application(asked, lambda status, headers: said.append(status)))
    assert said == ["404 Not Found"]


@pytest.fixture
def subtask() -> SubTask:
    made: SubTask = SubTaskFactory(status="sent", service=EmailServiceFactory(), sent_at=Now())
    return made


def one_click(subtask: SubTask, content_type: str, body: bytes) -> None:
    path = f"/u/{sign(Purpose.UNSUBSCRIBE, subtask.pk)}"
    assert answer(path, content_type, body[:MAX_BODY]) == 200
    assert Suppression.objects.filter(email=subtask.recipient_email).exists()


@pytest.mark.parametrize("what", TYPES)
def test_a_page_opens_whatever_a_request_says_of_its_body(what: str) -> None:
    assert answer("/admin/login/", TYPES[what], query="next=%2Fadmin%2F&x=%ff") == 200


@pytest.mark.parametrize("what", TYPES)
def test_one_click_unsubscribes_whatever_it_says_of_its_body(what: str, subtask: SubTask) -> None:
    one_click(subtask, TYPES[what], b"List-Unsubscribe=One-Click")


@pytest.mark.parametrize("what", BODIES)
def test_one_click_unsubscribes_whatever_its_body_is(what: str, subtask: SubTask) -> None:
    one_click(subtask, *BODIES[what])


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", '"utf-8"', "us-ascii", "iso-8859-1"])
def test_a_form_in_an_ordinary_charset_is_read(charset: str, subtask: SubTask) -> None:
    one_click(subtask, f"{FORM}; charset={charset}", b"reason=too_many")
