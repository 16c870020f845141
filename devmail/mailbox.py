"""The mailbox of the local SMTP server: one SQLite file, which the web pages read."""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from pathlib import Path
from types import TracebackType
from typing import Self

from django.conf import settings

from edm_project.environment import make_private

KEEP_MESSAGES = 20_000
SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at REAL NOT NULL,  -- seconds since 1970
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    raw BLOB NOT NULL
)
"""
COLUMNS = "id, received_at, sender, recipient, subject, length(raw)"


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of the list; `size` is in bytes."""

    id: int
    received_at: dt.datetime
    sender: str
    recipient: str
    subject: str
    size: int


def default_path() -> Path:
    path: Path = settings.VAR_DIR / "mail" / "mail.sqlite3"
    return path


class Mailbox:
    """Use it as a context manager, in one thread."""

    def __init__(self, path: Path) -> None:
        make_private(path.parent)
        self._database = sqlite3.connect(path, timeout=10, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute(SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._database.close()

    def add(self, sender: str, recipient: str, raw: bytes) -> None:
        subject = str(BytesHeaderParser(policy=policy.default).parsebytes(raw)["Subject"] or "")
        self._database.execute(
            "INSERT INTO message (received_at, sender, recipient, subject, raw)"
            " VALUES (?, ?, ?, ?, ?)",
            (dt.datetime.now(dt.UTC).timestamp(), sender, recipient, subject, raw),
        )

    def find(self, recipient: str, *, before: int | None, limit: int) -> list[Summary]:
        """The newest messages to a recipient with this text in it, older than message `before`."""
        rows = self._database.execute(
            f"SELECT {COLUMNS} FROM message WHERE instr(lower(recipient), lower(?)) > 0"
            " AND (? IS NULL OR id < ?) ORDER BY id DESC LIMIT ?",
            (recipient, before, before, limit),
        )
        return [_summary(row) for row in rows]

    def count(self, recipient: str = "") -> int:
        row = self._database.execute(
            "SELECT count(*) FROM message WHERE instr(lower(recipient), lower(?)) > 0", (recipient,)
        ).fetchone()
        return int(row[0])

    def get(self, message_id: int) -> tuple[Summary, bytes] | None:
        row = self._database.execute(
            f"SELECT {COLUMNS}, raw FROM message WHERE id = ?", (message_id,)
        ).fetchone()
        return (_summary(row[:-1]), row[-1]) if row else None

    def prune(self) -> None:
        """Forget the oldest, so that the file does not grow for ever."""
        self._database.execute(
            "DELETE FROM message WHERE id <= (SELECT max(id) FROM message) - ?", (KEEP_MESSAGES,)
        )


def parse(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def _summary(row: tuple[int, float, str, str, str, int]) -> Summary:
    pk, received_at, sender, recipient, subject, size = row
    moment = dt.datetime.fromtimestamp(received_at, dt.UTC)
    return Summary(pk, moment, sender, recipient, subject, size)
