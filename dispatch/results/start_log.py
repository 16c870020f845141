"""Start log: which hand-overs a dispatcher has begun, where it outlives the process.

A memory-mapped file per dispatcher, in START_LOG_DIR. A lane writes there before the first byte of
a hand-over, and once more when the provider has answered; a store to mapped memory is in the page
cache at once and stays there when the process is killed. What is read once the process is gone
tells which messages were on the wire. It tells nothing after the host has died: a log of another
boot is not believed.

The file has a header and a ring of numbered records with check sums. It is believed as a whole or
not at all: `None` from `read` means that anything may have begun.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import logging
import mmap
import os
import stat
import struct
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from zlib import crc32

from django.conf import settings

from campaigns.state.states import Held

logger = logging.getLogger(__name__)

CAPACITY = 8_192
"""Records in the ring: more than a dispatcher can have begun without a commit that recorded the
outcome. If it ever has more, its log is marked as incomplete.
"""

MAGIC = b"EDMST001"
HEADER = struct.Struct("<8sQ16s16sQ")  # magic, dispatcher, cluster, boot of the host, check sum
COUNTER = struct.Struct("<QQ")  # records written so far, 1 when incomplete
RECORD = struct.Struct("<QQ16sq")  # number, SubTask, token of the claim, start in microseconds
END = struct.Struct("<Q?H161p")  # of the record of this number: whether accepted, code, name
CHECK = struct.Struct("<Q")
COUNTER_AT, RECORDS_AT = 64, 128
END_AT = RECORD.size + CHECK.size
RECORD_BYTES = END_AT + END.size + CHECK.size
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
FILE_BYTES = RECORDS_AT + CAPACITY * RECORD_BYTES
SUFFIX = ".starts"
OLD_SECONDS = 3600.0
"""A log that no process holds is swept when it is so old."""


class Name(NamedTuple):
    """Whose log it is. `cluster` is unique to a run of qcluster, over all databases and hosts."""

    cluster: uuid.UUID
    dispatcher_id: int

    @property
    def path(self) -> Path:
        return Path(settings.START_LOG_DIR) / f"{self.cluster}.{self.dispatcher_id}{SUFFIX}"


class End(NamedTuple):
    """What the provider answered for sure. What was not accepted may be handed over again."""

    accepted: bool
    code: int | None = None
    provider_message_id: str = ""
    """Left out of the log when it is longer than it has room for."""


class Start(NamedTuple):
    """A hand-over that has begun; `end` is None while it was on the wire."""

    at: dt.datetime
    end: End | None


class StartLog(Protocol):
    """Used by the lanes of one dispatcher, and by its coordinating thread."""

    def record(self, claim: Held, at: dt.datetime) -> int:
        """Note that the hand-over of a claim begins; the number of the record. Never raises."""
        ...

    def finish(self, number: int, end: End) -> None:
        """Note the answer to the hand-over of this record. Never raises."""
        ...

    def recorded(self, numbers: Iterable[int]) -> None:
        """The outcomes of these are committed: their records may be overwritten."""
        ...

    def remove(self) -> None:
        """The dispatcher holds nothing any more. Lanes may still call `record`."""
        ...


class NoStartLog:
    """Where none can be written: after a kill, all that was being sent is in doubt."""

    def record(self, claim: Held, at: dt.datetime) -> int:
        return 0

    def finish(self, number: int, end: End) -> None:
        """Nothing was noted."""

    def recorded(self, numbers: Iterable[int]) -> None:
        """Nothing was noted."""

    def remove(self) -> None:
        """There is nothing."""


class MappedStartLog:
    """The log of a dispatcher in this process, locked (flock) for as long as the process lives."""

    def __init__(self, name: Name) -> None:
        """Raises OSError."""
        self._path = name.path
        self._descriptor, self._map = _create(name)
        self._lock = threading.Lock()
        self._number = 0
        self._open: set[int] = set()

    def record(self, claim: Held, at: dt.datetime) -> int:
        started = (at - EPOCH) // MICROSECOND
        with self._lock:
            self._number = number = self._number + 1
            if number - CAPACITY in self._open:
                self._map[COUNTER_AT : COUNTER_AT + COUNTER.size] = COUNTER.pack(number, 1)
            self._open.add(number)
            body = RECORD.pack(number, claim.id, claim.token.bytes, started)
            position = _position(number)
            self._map[position : position + END_AT] = body + CHECK.pack(crc32(body))
            self._map[COUNTER_AT : COUNTER_AT + CHECK.size] = CHECK.pack(number)
        return number

    def finish(self, number: int, end: End) -> None:
        name = end.provider_message_id.encode(errors="replace")
        body = END.pack(number, end.accepted, end.code or 0, name if len(name) <= 160 else b"")
        position = _position(number) + END_AT
        with self._lock:
            if number in self._open:
                self._map[position : position + END.size + CHECK.size] = body + CHECK.pack(
                    crc32(body)
                )

    def recorded(self, numbers: Iterable[int]) -> None:
        with self._lock:
            self._open.difference_update(numbers)

    def remove(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink()
        _kept.discard(self)

    def __del__(self) -> None:
        if descriptor := getattr(self, "_descriptor", None):
            os.close(descriptor)


_kept: set[MappedStartLog] = set()
"""Keeps the locks of logs that were not removed for as long as this process lives."""


def open_log(name: Name) -> StartLog:
    """A new, empty log; one that notes nothing, with a warning, where none can be written."""
    try:
        _prepare_directory()
        log = MappedStartLog(name)
    except (OSError, ValueError) as error:
        logger.warning(
            "no start log can be written in %s (%s): if this process is killed, every message that "
            "was being sent will be in doubt, also those that had not begun",
            settings.START_LOG_DIR,
            error,
        )
        return NoStartLog()
    _kept.add(log)
    return log


def read(name: Name) -> Mapping[Held, Start] | None:
    """The claims whose hand-over a dispatcher had begun, when its process is gone for sure. None
    when nothing is known: the log is missing, damaged, of another owner or boot, or a
    process still holds it.
    """
    try:
        with _opened_unlocked(name.path) as descriptor:
            return _parse(os.pread(descriptor, FILE_BYTES + 1, 0), name)
    except OSError:
        return None


def left_behind() -> list[Name]:
    """The logs in the directory that no process holds, whichever cluster of this host wrote them.
    Sweeps those that are of no use any more.
    """
    found = []
    for path in _logs():
        try:
            with _opened_unlocked(path) as descriptor:
                age = time.time() - os.fstat(descriptor).st_mtime
        except OSError:
            continue
        if age > OLD_SECONDS:
            path.unlink(missing_ok=True)
        elif name := _name_of(path):
            found.append(name)
    return found


def discard(name: Name) -> None:
    """What it says has been acted upon, or is of no use."""
    with contextlib.suppress(OSError):
        name.path.unlink()


def _logs() -> list[Path]:
    try:
        return sorted(Path(settings.START_LOG_DIR).glob(f"*{SUFFIX}"))
    except OSError:
        return []


def _name_of(path: Path) -> Name | None:
    cluster, _, dispatcher_id = path.name.removesuffix(SUFFIX).partition(".")
    try:
        return Name(uuid.UUID(cluster), int(dispatcher_id))
    except ValueError:
        return None


def _prepare_directory() -> None:
    """Raises OSError where it is not ours alone."""
    directory = Path(settings.START_LOG_DIR)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise OSError(f"{directory} is no directory of the user that runs the cluster")
    if stat.S_IMODE(found.st_mode) & 0o077:
        directory.chmod(0o700)


def _create(name: Name) -> tuple[int, mmap.mmap]:
    """The file appears under its name when it is locked and whole. All of it is written, so that a
    full disk is found here and not by a store to the mapped memory.
    """
    draft = name.path.with_suffix(f".{os.getpid()}.draft")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(draft, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _write(descriptor, _header(name) + bytes(FILE_BYTES - HEADER.size))
        mapped = mmap.mmap(descriptor, FILE_BYTES)
        draft.rename(name.path)
    except BaseException:  # also when interrupted: no draft is left behind
        os.close(descriptor)
        draft.unlink(missing_ok=True)
        raise
    return descriptor, mapped


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _header(name: Name) -> bytes:
    parts = (MAGIC, name.dispatcher_id, name.cluster.bytes, _boot().bytes)
    return HEADER.pack(*parts, crc32(HEADER.pack(*parts, 0)))


@lru_cache(maxsize=1)
def _boot() -> uuid.UUID:
    """Names the run of this host's kernel: nothing in a page cache outlives it. Raises OSError
    where the system does not tell.
    """
    return uuid.UUID(Path("/proc/sys/kernel/random/boot_id").read_text().strip())


@contextlib.contextmanager
def _opened_unlocked(path: Path) -> Iterator[int]:
    """Raises OSError when it is no file of ours, or a process has it locked."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise OSError(f"{path} is no file of the user that runs the cluster")
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield descriptor
    finally:
        os.close(descriptor)


def _parse(data: bytes, name: Name) -> Mapping[Held, Start] | None:
    """Every record that there must be has to be there, whole. In the place of the next one there
    may be anything: the process may have been killed while it wrote it, or before it counted it.
    """
    if len(data) != FILE_BYTES or data[: HEADER.size] != _header(name):
        return None
    count, is_incomplete = COUNTER.unpack_from(data, COUNTER_AT)
    if is_incomplete:
        return None
    records = [_record(data, n) for n in range(max(1, count - CAPACITY + 2), count + 1)]
    if None in records:
        return None
    return dict(record for record in (*records, _record(data, count + 1)) if record)


def _record(data: bytes, number: int) -> tuple[Held, Start] | None:
    """None where the record of this number is not there, or not whole."""
    position = _position(number)
    found = _checked(data, RECORD, position)
    if found is None or found[0] != number:
        return None
    _, subtask_id, token, started = found
    start = Start(EPOCH + started * MICROSECOND, _end(data, number))
    return Held(subtask_id, uuid.UUID(bytes=token)), start


def _end(data: bytes, number: int) -> End | None:
    """None where there was no answer, or the one to an earlier record."""
    found = _checked(data, END, _position(number) + END_AT)
    if found is None or found[0] != number:
        return None
    _, accepted, code, name = found
    return End(accepted, code or None, name.decode())


def _checked(data: bytes, layout: struct.Struct, at: int) -> tuple[Any, ...] | None:
    body = data[at : at + layout.size]
    (check,) = CHECK.unpack_from(data, at + layout.size)
    return layout.unpack(body) if check == crc32(body) else None


def _position(number: int) -> int:
    return RECORDS_AT + (number - 1) % CAPACITY * RECORD_BYTES
