"""Read request bodies sent in chunks, without a length: Django would take them for empty."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

from gunicorn.http.errors import ParseException

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def with_length(application: Application, most: int | Callable[[str], int]) -> Application:
    """Read such a body, but no more than `most` bytes and one, so that it is found to be too large:
    a number, or what tells it of a path. One whose chunks are mutilated becomes empty.
    """

    def measured(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_TRANSFER_ENCODING") and environ.get("wsgi.input_terminated"):
            limit = most if isinstance(most, int) else most(environ.get("PATH_INFO", ""))
            body = _read(environ["wsgi.input"], limit + 1)
            environ = {**environ, "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
        return application(environ, start_response)

    return measured


def _read(stream: Any, size: int) -> bytes:
    try:
        return bytes(stream.read(size))
    except (OSError, ParseException):
        return b""
