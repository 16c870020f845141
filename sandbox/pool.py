"""The workers of a process: made when first needed, kept, and ended when they misbehave.

Workers are forked by a nursery (`sandbox.nursery`), a process that has everything imported and does
nothing else: a fork of a process with threads may leave locks held for ever, and a new interpreter
takes a second. The child of a fork does not use its parent's workers; it makes its own.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_noop

from sandbox import frames
from sandbox.limits import MEGABYTE, NESTED, Failed, LimitReached, Limits, Stalled

WORKERS = 4
"""Most workers of one process: more than there are processors, so that what takes long leaves some
free.
"""
TRIES = WORKERS + 1
"""Each idle worker may have ended, as those do that have grown, before one is made anew."""
NURSERY_SECONDS = 60.0
"""How long the nursery may take to answer; the first time it imports everything."""

is_worker = False
"""Whether this process is a worker itself."""


class EndedFromOutside(Exception):
    """The worker, or the nursery, was killed, or crashed in a way that no limit explains."""


class Nursery:
    """The process that forks this one's workers. Raises EndedFromOutside when it is gone."""

    def __init__(self) -> None:
        self._sock, theirs = socket.socketpair()
        self._sock.settimeout(NURSERY_SECONDS)
        self._lock = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sandbox.nursery", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=Path(__file__).resolve().parent.parent,
            )

    def fork(self) -> Worker:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                return Worker(self._ask(b"fork", [theirs.fileno()]), ours, self)
        except EndedFromOutside:
            ours.close()
            raise

    def end(self, worker: Worker) -> int:
        """Kill a worker unless it has ended. Returns the signal that ended it, or 0."""
        worker.sock.close()
        return self._ask(b"end %d" % worker.pid)

    def _ask(self, request: bytes, fds: list[int] | None = None) -> int:
        try:
            with self._lock:
                socket.send_fds(self._sock, [request], fds or [])
                return int(self._sock.recv(100))
        except (OSError, ValueError) as error:
            raise EndedFromOutside(
                gettext_noop("the nursery of workers is gone: %(reason)s")
                % {"reason": f"{error!r}"}
            ) from error

    def close(self) -> None:
        """It ends when it sees this, and its workers when they see their sockets closed."""
        self._sock.close()
        self._process.kill()
        self._process.wait()

    def leave_to_parent(self) -> None:
        """In the child of a fork."""
        self._sock.close()
        self._process.returncode = 0  # it is not this process's to wait for


@dataclass(frozen=True, slots=True)
class Worker:
    pid: int
    sock: socket.socket
    nursery: Nursery


class Pool:
    """The workers of one process, for any of its threads."""

    def __init__(self, workers: int = WORKERS) -> None:
        self._nursery: Nursery | None = None
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []
        self._lock = threading.Lock()  # guards the three above
        self._free = threading.BoundedSemaphore(workers)

    def run(self, job: bytes, limits: Limits) -> bytes:
        """Have a worker do a job. Raises LimitReached or Failed."""
        if not self._free.acquire(timeout=limits.wait_seconds):
            raise Failed(gettext_noop("all workers are busy"))
        try:
            return self._try(job, limits)
        finally:
            self._free.release()

    def warm_up(self) -> None:
        with contextlib.suppress(EndedFromOutside):
            worker = self._take()
            with self._lock:
                self._idle.append(worker)

    def _try(self, job: bytes, limits: Limits) -> bytes:
        for tries_left in reversed(range(TRIES)):
            try:
                worker = self._take()
                return self._have_done(worker, job, limits)
            except EndedFromOutside as error:
                if not tries_left:
                    raise Failed(str(error)) from error
        raise AssertionError("TRIES is not positive")

    def _have_done(self, worker: Worker, job: bytes, limits: Limits) -> bytes:
        deadline = time.monotonic() + limits.wall_seconds
        header = b"%f %d\n" % (limits.cpu_seconds, limits.memory_megabytes)
        try:
            frames.send(worker.sock, header + job, deadline)
            answer = frames.receive(worker.sock, limits.result_megabytes * MEGABYTE, deadline)
        except frames.Late:
            self._end(worker)
            raise Stalled(limits.too_long) from None
        except frames.TooLong:
            self._end(worker)
            raise LimitReached(limits.too_large) from None
        except (OSError, EOFError):
            raise _reason(self._end(worker), limits) from None
        with self._lock:
            self._idle.append(worker)
        return answer

    def _take(self) -> Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if self._nursery is None:
                self._nursery = Nursery()
            nursery = self._nursery
        try:
            worker = nursery.fork()
        except EndedFromOutside:
            self._give_up(nursery)
            raise
        with self._lock:
            self._workers.add(worker)
        return worker

    def _end(self, worker: Worker) -> int:
        with self._lock:
            self._workers.discard(worker)
        try:
            return worker.nursery.end(worker)
        except EndedFromOutside:
            self._give_up(worker.nursery)
            return signal.SIGKILL

    def _give_up(self, nursery: Nursery) -> None:
        """The next call makes another one."""
        with self._lock:
            if self._nursery is nursery:
                self._nursery = None
                nursery.close()

    def close(self) -> None:
        """End all workers; the pool may be used again."""
        with self._lock:
            nursery, self._nursery = self._nursery, None
            workers, self._workers, self._idle = self._workers, set(), []
        for worker in workers:
            worker.sock.close()
        if nursery is not None:
            nursery.close()

    def leave_to_parent(self) -> None:
        """In the child of a fork: close what belongs to the parent, or it would never see the other
        ends close.
        """
        for worker in self._workers:
            worker.sock.close()
        if self._nursery is not None:
            self._nursery.leave_to_parent()


def _reason(ended_by: int, limits: Limits) -> Exception:
    match ended_by:
        case signal.SIGPROF:
            return LimitReached(limits.too_much_time)
        case signal.SIGABRT:  # by which native code ends when it gets no memory
            return LimitReached(limits.too_much_memory)
        case signal.SIGSEGV | signal.SIGBUS:
            return LimitReached(str(NESTED))
    return EndedFromOutside(
        gettext_noop("a worker was ended by signal %(signal)s") % {"signal": ended_by}
    )


_pool = Pool()


def run(job: bytes, limits: Limits) -> bytes:
    """Have one of this process's workers do a job. Raises LimitReached or Failed."""
    return _pool.run(job, limits)


def warm_up() -> None:
    """Have the nursery import everything now, so that the first call need not wait for it. Harmless
    when it cannot: the first call tries again.
    """
    _pool.warm_up()


def warm_up_meanwhile() -> None:
    """The same in a thread of its own."""
    threading.Thread(target=warm_up, name="warm up", daemon=True).start()


def _after_fork() -> None:
    global _pool
    _pool.leave_to_parent()
    _pool = Pool()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(lambda: _pool.close())
