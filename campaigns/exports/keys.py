"""The keys of the rows of an export, in order, 8 bytes each, as a file of its operation."""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Iterator

from django.conf import settings

from campaigns.models import Operation, StoredFile
from campaigns.operations import files

ROLE = f"{files.HIDDEN}keys"
_SIZE = array("q").itemsize


def keep() -> dt.timedelta:
    """How long the files of an export are kept."""
    return dt.timedelta(days=settings.EXPORT_KEEP_DAYS)


def store(operation: Operation, keys: array[int]) -> None:
    files.store(operation, ROLE, "keys", _parts_of(keys), keep())


def read(file: StoredFile, start: int = 0, number: int = -1) -> array[int]:
    """So many from one on; all by default."""
    keys: array[int] = array("q")
    with files.open_file(file) as stored:
        stored.seek(start * _SIZE)
        keys.frombytes(stored.read(number * _SIZE if number >= 0 else -1))
    return keys


def _parts_of(keys: array[int]) -> Iterator[bytes]:
    at_once = files.CHUNK // _SIZE
    for start in range(0, len(keys), at_once):
        yield keys[start : start + at_once].tobytes()
