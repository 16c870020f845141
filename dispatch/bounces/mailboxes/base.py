"""What reading a mailbox takes: what is new in it, and marking what was dealt with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

READ_BYTES = 512 * 1024
"""So much of each message is read: reports come before the message they are about."""


class MailboxError(Exception):
    """The mailbox cannot be read; the text says why and what to do, never the credentials."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in a mailbox: its name there, and its first READ_BYTES."""

    name: str
    raw: bytes


class Mailbox(ABC):
    """An open mailbox. Every method may raise MailboxError."""

    @classmethod
    @abstractmethod
    def connect(cls, settings: Mapping[str, Any]) -> Mailbox: ...

    @abstractmethod
    def new(self) -> Iterator[Letter]:
        """The letters not dealt with yet, one after the other. Reading marks nothing. That some
        cannot be read is an error after all others have been.
        """

    @abstractmethod
    def done(self, names: Collection[str]) -> None:
        """Mark as dealt with, or delete where the settings say so."""

    @abstractmethod
    def set_aside(self, names: Collection[str]) -> None:
        """Mark as dealt with, and for a person to look at. Never deletes."""

    @abstractmethod
    def describe(self) -> str:
        """What is in it, in a sentence."""

    @abstractmethod
    def close(self) -> None:
        """Never raises."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
