"""Limit the size of bodies with files."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.utils.translation import gettext

OVER_BYTES = 20_000_000
"""The excess over a file's limit that is still read, so that the form can report the error."""
LARGE = {"campaigns_contact_import_file": "campaigns.import_contact"}
"""Pages that take files of up to CONTACT_FILE_MAX_MEGABYTES, by the names of their addresses, and
the permission without which no one may send so much."""


class FilesTooLarge(RequestDataTooBig):
    """The message is for who sent them."""


def most_octets(request: Any) -> int:
    """Of what is sent to the page with files, in all."""
    return _most_megabytes(request) * 1_000_000 + OVER_BYTES


class LargestUpload(FileUploadHandler):
    """Refuses by the request's declared length before reading, and by the actual size when none is
    declared."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._most = most_octets(request)
        self._left = self._most

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        if content_length > self._left:
            raise self._too_large()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._left -= len(raw_data)
        if self._left < 0:
            raise self._too_large()
        return raw_data

    def _too_large(self) -> FilesTooLarge:
        return FilesTooLarge(
            gettext(
                "The files are larger than %(most)s MB in all, which is more than this page takes."
            )
            % {"most": self._most // 1_000_000}
        )

    def file_complete(self, file_size: int) -> None:
        """Others keep it."""


def _most_megabytes(request: Any) -> int:
    """The body is read before the page checks who sends it."""
    match = getattr(request, "resolver_match", None)
    permission = LARGE.get(match.url_name or "") if match else None
    user = getattr(request, "user", None)
    if permission and user is not None and user.has_perm(permission):
        return max(settings.CONTACT_FILE_MAX_MEGABYTES, settings.IMPORT_MAX_MEGABYTES)
    return settings.IMPORT_MAX_MEGABYTES
