"""Files of operations, kept in the database in chunks."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Now

from campaigns.models import FileChunk, Operation, OperationKind, StoredFile
from campaigns.models.operation import ENDED_STATES

CHUNK = 1 << 20
"""Bytes of every chunk but the last of a file."""
HIDDEN = "_"
"""Begins the roles of files that are no one's to download: what work keeps for itself."""


def store(
    operation: Operation, role: str, name: str, parts: Iterable[bytes], keep: dt.timedelta | None
) -> StoredFile:
    """Store a file; one of the same role is replaced. It is deleted after `keep`, if that is given.
    Needs the memory of two chunks.
    """
    with transaction.atomic():
        operation.files.filter(role=role).delete()
        expires_at = Now() + Value(keep) if keep is not None else None
        file = StoredFile.objects.create(
            operation=operation, role=role, name=name[-255:], expires_at=expires_at
        )
        for number, data in enumerate(_in_chunks(parts)):
            FileChunk.objects.create(file=file, number=number, data=data)
            StoredFile.objects.filter(pk=file.pk).update(size=F("size") + len(data))
    file.refresh_from_db()
    return file


def append(operation: Operation, role: str, parts: Iterable[bytes]) -> bool:
    """Add to the end of the file of a role; False when there is none. Call it in a transaction.
    Locks the file. Needs the memory of three chunks.
    """
    file = operation.files.select_for_update().filter(role=role).first()
    if file is None:
        return False
    number, rest = divmod(file.size, CHUNK)
    last = [_chunk(file, number)] if rest else []
    added = -rest
    for at, data in enumerate(_in_chunks(chain(last, parts)), start=number):
        FileChunk.objects.update_or_create(file=file, number=at, defaults={"data": data})
        added += len(data)
    StoredFile.objects.filter(pk=file.pk).update(size=file.size + added)
    return True


def _in_chunks(parts: Iterable[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for part in parts:
        waiting += part
        while len(waiting) >= CHUNK:
            yield bytes(waiting[:CHUNK])
            del waiting[:CHUNK]
    if waiting:
        yield bytes(waiting)


def parts_of(file: StoredFile) -> Iterator[bytes]:
    """The bytes of a file, a chunk at a time, each by a query of its own."""
    for number in range(-(-file.size // CHUNK)):
        yield _chunk(file, number)


def open_file(file: StoredFile) -> BinaryIO:
    """For reading, seekable; holds one chunk in memory."""
    return io.BufferedReader(_Chunks(file), buffer_size=1 << 16)


def delete_expired() -> int:
    """Delete the files whose time is over. Returns how many."""
    expired = StoredFile.objects.filter(expires_at__lt=Now())
    return expired.delete()[1].get("campaigns.StoredFile", 0)


def delete_for_erasure() -> int:
    """Delete the files that may contain an address that is being erased: of all that has ended, and
    of exports that are being made, which then end. What was brought for an import that is to come
    stays: the import refuses the address. Returns how many."""
    ended = Q(operation__state__in=ENDED_STATES)
    made_now = Q(operation__kind=OperationKind.EXPORT)
    found = StoredFile.objects.filter(ended | made_now)
    return found.delete()[1].get("campaigns.StoredFile", 0)


class _Chunks(io.RawIOBase):
    def __init__(self, file: StoredFile) -> None:
        self._file, self._at = file, 0
        self._number, self._data = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        if start + offset < 0:
            raise ValueError(start + offset)
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._file.size:
            return 0
        number, offset = divmod(self._at, CHUNK)
        if number != self._number:
            self._number, self._data = number, _chunk(self._file, number)
        part = self._data[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)


def _chunk(file: StoredFile, number: int) -> bytes:
    return bytes(FileChunk.objects.get(file=file, number=number).data)
