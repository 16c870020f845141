"""Run real processes, and make sure that none is left.

Each gets a mark in its environment, by which it and all its descendants are found, orphans too: by
the process that started it, and by the next run if that one was killed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

import psutil

BASE = Path(__file__).resolve().parents[2]
MARK = "EDM_BENCH_MARK"
GOODBYE_SECONDS = 20.0
LOOK_SECONDS = 0.02
LOG_LINES_SHOWN = 12


class Failure(Exception):
    """A benchmark did not come to its end; the message says why."""


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> float:
    """Look until it is so. Returns how many seconds that took; raises Failure when it is too
    long.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise Failure(f"after {seconds:.0f} s still not: {what}")
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - began


class Program:
    """A process in a session of its own, its descendants, and their log. Ends with the block."""

    def __init__(
        self, name: str, command: Sequence[str | Path], env: Mapping[str, str], directory: Path
    ) -> None:
        self.name = name
        self.log = directory / f"{name}.log"
        self._mark = f"{BASE}:{os.getpid()}:{uuid.uuid4().hex}"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                cwd=BASE,
                env={**env, MARK: self._mark},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def pid(self) -> int:
        return self.process.pid

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait(self, seconds: float) -> str:
        """Wait for its end and return what it said. Raises Failure for an error or a time-out."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(
                f"{self.name} takes longer than {seconds:.0f} s{self._ending()}"
            ) from None
        self.check()
        return self.said()

    def check(self) -> None:
        """Raise Failure when it has ended with an error."""
        if self.process.poll():
            raise Failure(f"{self.name} ended with {self.process.returncode}{self._ending()}")

    def end(self) -> None:
        """Terminate it, wait a while, and kill the rest of its tree."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(GOODBYE_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        kill_marked(self._mark)
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()

    def _ending(self) -> str:
        lines = self.said().strip().splitlines()[-LOG_LINES_SHOWN:]
        return ":\n" + "\n".join(lines) if lines else ""


def python(*arguments: str | Path) -> list[str | Path]:
    return [sys.executable, *arguments]


def run(name: str, command: Sequence[str | Path], env: Mapping[str, str], directory: Path) -> str:
    """Run a program to its end and return what it said. Raises Failure."""
    with Program(name, command, env, directory) as program:
        return program.wait(1800)


def kill_marked(mark: str) -> None:
    """Kill every process whose mark begins so, also those that are born meanwhile."""
    while found := [process for process, found in _marked() if found.startswith(mark)]:
        for process in found:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(found, timeout=1)


def kill_all() -> None:
    """Kill all processes that this one has started and not ended."""
    kill_marked(f"{BASE}:{os.getpid()}:")


def kill_leftovers() -> None:
    """Kill what benchmarks of this folder have left behind that are no more."""
    for mark in {found for _, found in _marked()}:
        folder, starter, _ = mark.rsplit(":", 2)
        if folder == str(BASE) and not psutil.pid_exists(int(starter)):
            kill_marked(mark)


def _marked() -> Iterator[tuple[psutil.Process, str]]:
    for process in psutil.process_iter(["environ", "status"]):
        mark = (process.info["environ"] or {}).get(MARK, "")
        if mark and process.info["status"] != psutil.STATUS_ZOMBIE and process.pid != os.getpid():
            yield process, mark
