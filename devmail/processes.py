"""Run the programs of the Procfile side by side, with honcho, until one ends or Ctrl-C."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connections
from honcho.environ import parse_procfile  # type: ignore[import-untyped]
from honcho.manager import Manager  # type: ignore[import-untyped]
from honcho.printer import Printer  # type: ignore[import-untyped]

from edm_project.environment import make_private

STOPPED_BY_SIGNAL = {130, 143}


class AlreadyRunning(Exception):
    """Another `make run` of this folder runs, or is still stopping."""


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """At most one at a time per folder: they would share the SMTP port. Raises AlreadyRunning."""
    make_private(settings.VAR_DIR)
    with open(settings.VAR_DIR / "run.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning from error
        yield


def run(port: int) -> int:
    """Returns the exit code: 0 when stopped by a signal, else that of whichever ended first."""
    manager = Manager(Printer(sys.stdout))
    procfile = parse_procfile((settings.BASE_DIR / "Procfile").read_text())
    for name, command in procfile.processes.items():
        # exec: the shell gives way to the program, so that signals reach it.
        manager.add_process(
            name, f"exec {command}", env=_environment(port), cwd=str(settings.BASE_DIR)
        )
    connections.close_all()  # honcho forks
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    manager.loop()
    return 0 if manager.returncode in STOPPED_BY_SIGNAL else int(manager.returncode or 0)


def _environment(port: int) -> dict[str, str]:
    programs = str(Path(sys.executable).parent)
    return {
        # Links in mail lead back to this server, unless the environment sets another URL.
        "PUBLIC_URL": f"http://localhost:{port}",
        **os.environ,
        "PORT": str(port),
        "PATH": os.pathsep.join([programs, os.environ.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
    }
