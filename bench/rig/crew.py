"""Processes of our own that share the messages and start together."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.rig.laps import Lap, measure
from bench.rig.programs import Program, python, wait_until
from bench.rig.sink import Sink

READY = "ready\n"


def lap_of(module: str, processes: int, messages: int, directory: Path) -> Lap:
    """Measure `python -m module PORT FIRST COUNT` in so many processes that share the messages."""
    share = messages // processes
    with Sink(directory) as sink, crew(module, processes, [sink.port], share, directory) as members:
        return measure(sink, members, {}, share * processes, lambda: begin(members))


@contextmanager
def crew(
    module: str, processes: int, arguments: Sequence[object], share: int, directory: Path
) -> Iterator[list[Program]]:
    """The processes, each ready to begin with its part: its first number and how many."""
    with ExitStack() as stack:
        members = []
        for number in range(processes):
            words = [str(word) for word in (*arguments, number * share, share)]
            name = f"{module.rpartition('.')[2]}{number}"
            program = Program(name, python("-m", module, *words), os.environ, directory)
            members.append(stack.enter_context(program))
        for member in members:
            wait_until(lambda m=member: is_ready(m), 60, f"{member.name} is ready")  # type: ignore[misc]
        yield members


def is_ready(member: Program) -> bool:
    member.check()
    return member.said().startswith(READY)


def answers(member: Program) -> list[str]:
    """The lines it has written since it was ready."""
    member.check()
    return member.said().removeprefix(READY).splitlines()


def begin(members: Sequence[Program]) -> None:
    for member in members:
        member.tell("begin")


def when_told(work: Callable[[], None]) -> None:
    """In such a process, once prepared: work on each command, and stay until ended, so that its CPU
    time can be read."""
    print(READY, end="", flush=True)
    for _ in sys.stdin:
        work()
