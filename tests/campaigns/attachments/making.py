"""Campaigns with files."""

from __future__ import annotations

import io
import zipfile

from campaigns.attachments import keeping
from campaigns.models import Attachment, Task

PDF = b"%PDF-1.7 programme"


def attach(task: Task, name: str = "programme.pdf", data: bytes = PDF) -> Attachment:
    attachment = Attachment(task=task)
    keeping.put(attachment, keeping.take(name, data))
    attachment.save()
    return attachment


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"content")
    return file.getvalue()
