"""A Maildir on this machine, below `settings.BOUNCE_MAILDIRS`: what is in `new/` is new, what was
dealt with goes to `cur/` with the flag S (seen), what was set aside with F (flagged), too.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.utils.translation import gettext_noop

from admin_kit.words.numbers import number
from dispatch.bounces.mailboxes.base import READ_BYTES, Letter, Mailbox, MailboxError

FOLDER = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.@-]{0,99}")


def _is_own_folder(path: Path) -> bool:
    """Whether it is a folder that is where it seems to be: no part of the name is a link."""
    return path.is_dir() and path.resolve() == path


class MaildirMailbox(Mailbox):
    """Files are renamed, never written: a delivery at the same time is not disturbed."""

    def __init__(self, path: Path, deletes: bool) -> None:
        self._path = path
        self._deletes = deletes

    @classmethod
    def connect(cls, settings: Mapping[str, Any]) -> MaildirMailbox:
        name = str(settings.get("maildir", ""))
        if not FOLDER.fullmatch(name):
            raise MailboxError(gettext_noop("“%(name)s” is no name of a Maildir.") % {"name": name})
        root = Path(django_settings.BOUNCE_MAILDIRS).resolve()
        path = root / name
        if not all(_is_own_folder(path / part) for part in ("new", "cur")):
            raise MailboxError(
                gettext_noop(
                    "There is no Maildir “%(name)s” in BOUNCE_MAILDIRS on this machine: a "
                    "folder with the folders new and cur, none of them a link, which the "
                    "cluster's user may write."
                )
                % {"name": name}
            )
        return cls(path, bool(settings.get("delete")))

    def new(self) -> Iterator[Letter]:
        failed = None
        for name in self._names():
            try:
                yield Letter(name, self._start_of(name))
            except FileNotFoundError:
                continue  # another process has dealt with it
            except OSError as error:
                failed = error
        if failed:
            raise MailboxError(
                gettext_noop("A message cannot be read: %(why)s.") % {"why": failed.strerror}
            ) from failed

    def _start_of(self, name: str) -> bytes:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with open(os.open(self._path / "new" / name, flags), "rb") as file:
            return file.read(READ_BYTES)

    def _names(self) -> list[str]:
        try:
            entries = [
                e.name for e in os.scandir(self._path / "new") if e.is_file(follow_symlinks=False)
            ]
        except OSError as error:
            raise MailboxError(
                gettext_noop("The Maildir cannot be read: %(why)s.") % {"why": error.strerror}
            ) from error
        return sorted(name for name in entries if not name.startswith("."))

    def done(self, names: Collection[str]) -> None:
        for name in names:
            if self._deletes:
                self._try((self._path / "new" / name).unlink)
            else:
                self._move(name, "S")

    def set_aside(self, names: Collection[str]) -> None:
        for name in names:
            self._move(name, "FS")

    def _move(self, name: str, flags: str) -> None:
        target = self._path / "cur" / f"{name.partition(':')[0]}:2,{flags}"
        self._try(lambda: (self._path / "new" / name).rename(target))

    def _try(self, step: Callable[[], object]) -> None:
        try:
            with contextlib.suppress(FileNotFoundError):
                step()
        except OSError as error:
            raise MailboxError(
                gettext_noop(
                    "A message cannot be marked as read: %(why)s. The cluster's user "
                    "must be allowed to write the Maildir."
                )
                % {"why": error.strerror}
            ) from error

    def describe(self) -> str:
        return gettext_noop("The Maildir was opened: %(count)s new messages.") % {
            "count": number(len(self._names()))
        }

    def close(self) -> None:
        """There is no connection."""
