"""Files in the requests that django-anymail makes. It would encode each file anew for each message,
so it gets a word in its place, for which the file stands in once the request is made.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

from django.core.mail import EmailAttachment

from dispatch.message.attached import Attached

_WORD = secrets.token_hex(16)
"""In no message: new in each process, and never sent."""


def _word(number: int) -> bytes:
    return f"{_WORD}-{number:04}".encode("ascii")


def held(attached: Attached) -> list[EmailAttachment]:
    """For the attachments of a Django message."""
    return [
        EmailAttachment(file.name, _word(n), file.content_type)
        for n, file in enumerate(attached.files)
    ]


def filled(request: dict[str, Any], attached: Attached) -> dict[str, Any]:
    """The request with the files: in base64 in what is JSON, as they are in a form."""
    if request.get("files"):
        return {**request, "files": [_with_file(each, attached) for each in request["files"]]}
    data = request["data"]
    if isinstance(data, str):
        for n, content in enumerate(attached.in_base64):
            data = data.replace(base64.b64encode(_word(n)).decode("ascii"), content)
    else:
        for n, file in enumerate(attached.files):
            data = data.replace(_word(n), file.data)
    return {**request, "data": data}


def _with_file(part: tuple[str, Any], attached: Attached) -> tuple[str, Any]:
    field, (name, content, content_type) = part
    number = next((n for n in range(len(attached.files)) if content == _word(n)), None)
    return field, (name, content if number is None else attached.files[number].data, content_type)
