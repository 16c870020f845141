"""The process that forks workers (`python -m sandbox.nursery FD`), and a worker's main loop.

It has imported Django and the modules with bounded functions, and has one thread and no connection
but to its owner. It ends when its owner does, and its workers end with it. Both ignore signals to
the process group, so that a process that stops can finish its work.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import resource
import signal
import socket
import sys
from typing import NoReturn

import django
from django.conf import settings
from django.utils import translation

from sandbox import frames, pool, worker
from sandbox.calls import carry_out
from sandbox.limits import MEGABYTE

GROWN_BYTES = 64 * MEGABYTE
"""A worker that has grown by so much is replaced: what is left of one job is not the next one's."""
LONGEST_JOB = 256 * MEGABYTE
COLLECTED_AFTER = 20_000
"""Objects beyond those that were freed. A large template consists of hundreds of thousands that
live until its end: with Python's 700, looking through them again and again took half of the time.
"""


def main(owner: socket.socket) -> None:
    """Serve requests, each answered before the next: "fork" with a socket, "end" with a pid."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    django.setup()
    for name in settings.SANDBOX_PRELOAD:
        importlib.import_module(name)
    _load_catalogs()
    gc.set_threshold(COLLECTED_AFTER, 20, 20)
    gc.freeze()  # else collecting garbage would copy the memory that workers share
    while True:
        request, fds, _, _ = socket.recv_fds(owner, 100, 1)
        if not request:
            return
        command, _, pid = request.partition(b" ")
        if command == b"fork":
            answer = _fork(owner, socket.socket(fileno=fds[0]))
        else:
            answer = _end(int(pid))
        owner.send(b"%d" % answer)


def _load_catalogs() -> None:
    """Workers say what is wrong in the language of their caller. Loaded now, the catalogs are no
    part of what a job spends.
    """
    for language in (settings.LANGUAGE_CODE, *settings.ADMIN_LANGUAGES):
        with translation.override(language):  # reads them
            pass


def _fork(owner: socket.socket, sock: socket.socket) -> int:
    pid = os.fork()
    if pid == 0:
        owner.close()
        _be_worker(sock)
    sock.close()
    return pid


def _end(pid: int) -> int:
    """The signal that ended a worker; 0 when it ended by itself. One that lives is killed."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def _be_worker(sock: socket.socket) -> NoReturn:
    """Do one job after another until the owner closes the socket, or too much memory is in use."""
    try:
        pool.is_worker = True
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it has nothing to write
        started_with = worker.address_space()
        while worker.address_space() <= started_with + GROWN_BYTES:
            job = frames.receive(sock, LONGEST_JOB, None)
            frames.send(sock, _within_limits(job), None)
    except (EOFError, OSError):
        pass
    finally:
        os._exit(0)


def _within_limits(job: bytes) -> bytes:
    header, _, call = job.partition(b"\n")
    cpu_seconds, megabytes = header.split()
    worker.limit(float(cpu_seconds), int(megabytes))
    try:
        return carry_out(call)
    finally:
        worker.lift_limits()


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
