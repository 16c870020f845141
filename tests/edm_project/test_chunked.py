"""Requests whose body comes in chunks, to the application as a web server calls it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from gunicorn.http.errors import InvalidChunkSize

from edm_project.web.chunked import with_length


def seen(body: Any, **environ: Any) -> tuple[str | None, bytes]:
    """The length and the body that the application gets."""

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        got.append((environ.get("CONTENT_LENGTH"), environ["wsgi.input"].read()))
        return []

    got: list[tuple[str | None, bytes]] = []
    with_length(application, most=100)({"wsgi.input": body, **environ}, None)
    return got[0]


CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}


def test_a_body_in_chunks_has_a_length() -> None:
    assert seen(io.BytesIO(b"{}"), **CHUNKED) == ("2", b"{}")


def test_one_that_is_too_large_is_found_to_be_so_without_being_read_to_its_end() -> None:
    body = io.BytesIO(b" " * 1000)
    assert seen(body, **CHUNKED) == ("101", b" " * 101)
    assert body.tell() == 101


class Mutilated:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, size: int) -> bytes:
        raise self._error


@pytest.mark.parametrize("error", [InvalidChunkSize(b"zz"), OSError("cut off")], ids=repr)
def test_chunks_that_are_mutilated_are_no_body(error: InvalidChunkSize | OSError) -> None:
    assert seen(Mutilated(error), **CHUNKED) == ("0", b"")


@pytest.mark.parametrize(
    "environ",
    [{"CONTENT_LENGTH": "2"}, {**CHUNKED, "wsgi.input_terminated": False, "CONTENT_LENGTH": None}],
)
def test_any_other_body_is_left_alone(environ: dict[str, Any]) -> None:
    assert seen(io.BytesIO(b"{}"), **environ) == (environ["CONTENT_LENGTH"], b"{}")
