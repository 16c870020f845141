"""Files as responses: saved by the browser, never shown; the admin lets no cache keep them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from campaigns.models import StoredFile
from campaigns.operations import files

TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
OTHER = "application/octet-stream"


def as_download(file: StoredFile) -> StreamingHttpResponse:
    response = streamed(file.name, files.parts_of(file))
    response["Content-Length"] = str(file.size)
    return response


def streamed(name: str, parts: Iterable[bytes]) -> StreamingHttpResponse:
    """The type follows from the end of the name."""
    content_type = TYPES.get(PurePath(name).suffix.lower(), OTHER)
    response = StreamingHttpResponse(parts, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response
