"""Reject content types that Django cannot read: it would fail before any of our code runs, or at
the first query parameter, on every page."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from typing import Any

from django.utils.http import parse_header_parameters

from edm_project.web.chunked import Application

NO_FORM = "application/octet-stream"
CHARSETS = frozenset({"utf-8", "ascii", "iso8859-1", "cp1252"})
"""By Python's names. Some of the others are no text at all, and decoding with them raises."""


def understood(application: Application) -> Application:
    """A body whose type cannot be read is no form; the request goes on without one."""

    def sifted(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not _is_understood(environ.get("CONTENT_TYPE", "")):
            environ = {**environ, "CONTENT_TYPE": NO_FORM}
        return application(environ, start_response)

    return sifted


def _is_understood(content_type: str) -> bool:
    try:
        _, parameters = parse_header_parameters(content_type)
        charset = parameters.get("charset")
        return charset is None or codecs.lookup(charset).name in CHARSETS
    except (LookupError, TypeError, ValueError):
        return False
