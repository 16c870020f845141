"""Measure CPU time and memory of process trees, from outside."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import psutil

EVERY_SECONDS = 1.0


@dataclass(slots=True)
class Memory:
    """What one process had, in bytes: its resident pages, for PostgreSQL without the shared
    ones.
    """

    role: str
    pid: int
    name: str
    first: int
    least: int
    most: int
    last: int

    def note(self, size: int) -> None:
        self.least, self.most, self.last = min(self.least, size), max(self.most, size), size


class Meter:
    """Measures the trees below some processes, by role, from `begin` to the end of the block.

    CPU times include what ended children have used, so two readings suffice; memory is sampled.
    """

    def __init__(self, roots: Mapping[str, Sequence[int]]) -> None:
        self._roots = roots
        self._before: dict[str, float] = {}
        self._end = threading.Event()
        self._sampler = threading.Thread(target=self._sample_often, daemon=True)
        self.cpu: dict[str, float] = {}
        """Seconds by role."""
        self.memory: dict[int, Memory] = {}

    def begin(self) -> None:
        self._before = self._cpu()
        self._sample_memory()
        self._sampler.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        if self._before:
            self._sampler.join()
            self._sample_memory()
            after = self._cpu()
            self.cpu = {role: after[role] - before for role, before in self._before.items()}

    def _sample_often(self) -> None:
        while not self._end.wait(EVERY_SECONDS):
            self._sample_memory()

    def _cpu(self) -> dict[str, float]:
        return {
            role: sum(_cpu_seconds(process) for process in self._tree(role)) for role in self._roots
        }

    def _sample_memory(self) -> None:
        for role in self._roots:
            for process in self._tree(role):
                try:
                    size = process.memory_info()
                    name = process.name()
                except psutil.NoSuchProcess:
                    continue
                own = size.rss - size.shared if name == "postgres" else size.rss
                known = self.memory.get(process.pid)
                if known is None:
                    self.memory[process.pid] = Memory(role, process.pid, name, own, own, own, own)
                else:
                    known.note(own)

    def _tree(self, role: str) -> Iterator[psutil.Process]:
        for pid in self._roots[role]:
            try:
                root = psutil.Process(pid)
                yield from [root, *root.children(recursive=True)]
            except psutil.NoSuchProcess:
                continue


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
