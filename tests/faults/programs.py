"""Real processes: started with a mark in their environment, by which they and all their descendants are found."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

MARK = "EDM_FAULTS_MARK"
LOOK_SECONDS = 0.05
GOODBYE_SECONDS = 10.0
"""How long a cluster that was told to stop may take."""

QUICK = {"RETRY_DELAYS_SECONDS": "1,1,1", "FREEZE_SECONDS": "1"}


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> float:
    """Look until it is so, also while the database is down. Returns how many seconds that took."""
    began = time.monotonic()
    while True:
        try:
            if condition():
                return time.monotonic() - began
        except (OperationalError, InterfaceError):
            connection.close()
        if time.monotonic() - began > seconds:
            raise AssertionError(f"after {seconds:.0f} s still not: {what}")
        time.sleep(LOOK_SECONDS)


def environment(url: str) -> dict[str, str]:
    return {
        **os.environ,
        **QUICK,
        "DATABASE_URL": url,
        "SECRET_KEY": settings.SECRET_KEY,
        "MESSAGE_ID_KEYS": ",".join(settings.MESSAGE_ID_KEYS),
        "CREDENTIALS_KEYS": ",".join(settings.CREDENTIALS_KEYS),
        "DISPATCHERS": "1",
        "LANGUAGE_CODE": "en",
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "text",
    }


def manage(*arguments: str, url: str) -> str:
    """Run one management command to its end and return what it said."""
    result = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment(url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, f"manage.py {' '.join(arguments)}:\n{result.stdout}"
    return result.stdout


class Program:
    """A process in a session of its own, its descendants, and their log."""

    def __init__(
        self, arguments: list[str], env: dict[str, str], log: Path, prefix: Sequence[str] = ()
    ) -> None:
        self._mark = uuid.uuid4().hex
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, *arguments],
                cwd=settings.BASE_DIR,
                env={**env, MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def pids(self) -> list[int]:
        """Every living process of the tree, orphans included."""
        self.process.poll()
        mark = f"{MARK}={self._mark}".encode()
        return [
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and mark in _read(entry / "environ")
        ]

    def signal(self, number: int) -> None:
        """To every process of the tree, as systemd does."""
        for pid in self.pids():
            send(pid, number)

    def kill(self) -> None:
        """End every process at once, also those that are born meanwhile."""
        while self.pids():
            self.signal(signal.SIGKILL)
        self.process.wait()

    def wait_gone(self, seconds: float = GOODBYE_SECONDS) -> float:
        def is_gone() -> bool:
            return self.process.poll() is not None and not self.pids()

        return wait_until(is_gone, seconds, f"all processes of {self.log} gone")


class Cluster(Program):
    """A `manage.py qcluster`."""

    def __init__(
        self, url: str, log: Path, settings: Mapping[str, str], prefix: Sequence[str]
    ) -> None:
        super().__init__(["manage.py", "qcluster"], {**environment(url), **settings}, log, prefix)

    def sentinel(self, group: str = "dispatch cluster") -> int:
        """Of one of its django-q2 clusters: a supervisor's child has one child, the sentinel."""
        return self.children(self.group(group))[0]

    def group(self, name: str) -> int:
        """The first process of one of its process groups, of which there may have been several."""
        return int(re.findall(rf"the {name} is process group (\d+)", self.log.read_text())[-1])

    def pushers(self) -> list[int]:
        """Those that take requests for dispatchers."""
        ever = {int(pid) for pid in re.findall(r"pushing tasks at (\d+)", self.log.read_text())}
        return [pid for pid in self.children(self.sentinel()) if pid in ever]

    def children(self, parent: int) -> list[int]:
        return [pid for pid in self.pids() if _parent(pid) == parent]


def send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _parent(pid: int) -> int:
    found = re.search(rb"^PPid:\s+(\d+)", _read(Path(f"/proc/{pid}/status")), re.MULTILINE)
    return int(found[1]) if found else 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


class Smtp(Program):
    """A recording SMTP server. Started again, it listens on the same port and adds to the same record."""

    def __init__(
        self, directory: Path, name: str, behaviours: tuple[str, ...], port: int, host: str
    ) -> None:
        self.record = directory / f"{name}.jsonl"
        self.record.touch()
        self.behaviours = behaviours
        self.host = host
        arguments = ["-m", "tests.smtp_server", "--record", str(self.record)]
        arguments += ["--host", host, "--port", str(port)]
        for behaviour in behaviours:
            arguments += ["--behaviour", behaviour]
        super().__init__(arguments, dict(os.environ), directory / f"{name}.log")
        wait_until(self._ports, 20, "the SMTP server listens")
        self.port = self._ports()[-1]

    def _ports(self) -> list[int]:
        return [int(port) for port in re.findall(r"on port (\d+)\n", self.log.read_text())]

    def accepted(self) -> int:
        with self.record.open("rb") as lines:
            return sum(1 for _ in lines)
