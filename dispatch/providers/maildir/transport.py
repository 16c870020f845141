from __future__ import annotations

import itertools
import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_noop

from dispatch.errors import ServiceError
from dispatch.message.headers import as_bytes, envelope
from dispatch.message.message import Accepted, Message
from dispatch.providers.base import Transport

FOLDER = re.compile(r"[A-Za-z0-9_-]{1,60}")
_serial = itertools.count()


class MaildirTransport(Transport):
    """Delivers by renaming a finished file into `new/`, so that no reader sees half a message."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def open(self) -> None:
        if not settings.DEBUG:
            raise ServiceError(
                gettext_noop(
                    "The maildir provider sends no mail and works only while DEBUG is on; "
                    "choose another provider."
                ),
                needs_person=True,
            )
        try:
            for name in ("tmp", "new", "cur"):
                (self._path() / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ServiceError(
                gettext_noop("Cannot write the Maildir: %(strerror)s.")
                % {"strerror": error.strerror}
            ) from error

    def send(self, message: Message, starting: Callable[[], None]) -> Accepted:
        envelope(message)
        data = as_bytes(message)
        self.open()
        starting()
        name = _unique_name()
        unfinished = self._path() / "tmp" / name
        try:
            unfinished.write_bytes(data)
            unfinished.rename(self._path() / "new" / name)
        except OSError as error:
            raise ServiceError(
                gettext_noop("Cannot write the Maildir: %(strerror)s.")
                % {"strerror": error.strerror}
            ) from error
        return Accepted(
            provider_message_id=name, reply=gettext_noop("written as %(name)s") % {"name": name}
        )

    def close(self) -> None:
        """There is no connection."""

    def _path(self) -> Path:
        if not FOLDER.fullmatch(self._folder):
            raise ServiceError(
                gettext_noop("%(folder)s is no folder name.") % {"folder": f"{self._folder!r}"},
                needs_person=True,
            )
        root = Path(settings.VAR_DIR) / "maildir"
        path = root / self._folder
        if path.resolve() != root.resolve() / self._folder:
            raise ServiceError(
                gettext_noop("%(folder)s leads out of var/maildir.")
                % {"folder": f"{self._folder!r}"},
                needs_person=True,
            )
        return path


def _unique_name() -> str:
    return f"{time.time_ns()}.P{os.getpid()}T{threading.get_ident()}Q{next(_serial)}.dispatch"
