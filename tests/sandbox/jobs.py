"""Functions that misbehave, each in its own way."""

from __future__ import annotations

import os
import signal
import time

from django.utils.translation import gettext

from sandbox import Limits, bounded, worker


class Wrong(Exception):
    pass


@bounded(Limits(cpu_seconds=0.2), raises=(Wrong,))
def double(text: str) -> str:
    if text == "wrong":
        raise Wrong("is wrong", 3)
    return text * 2


@bounded(Limits(cpu_seconds=0.2), raises=(Wrong,))
def say_what_is_wrong() -> str:
    raise Wrong(gettext("is nested too deeply"))


@bounded(Limits(cpu_seconds=0.2))
def loop_for_ever() -> None:
    while True:
        pass


@bounded(Limits(cpu_seconds=20, memory_megabytes=500))
def loop_within(limits: Limits) -> None:
    worker.narrow(limits)
    while True:
        pass


@bounded(Limits(cpu_seconds=20, memory_megabytes=500))
def take_memory_within(limits: Limits, megabytes: int) -> int:
    worker.narrow(limits)
    return len(bytearray(megabytes * 1_000_000))


@bounded(Limits(cpu_seconds=0.2))
def compute_in_c() -> int:
    return len(str(pow(7, 10**7, 10**3_000_000)))


@bounded(Limits(memory_megabytes=100))
def take_memory(megabytes: int) -> int:
    return len(bytearray(megabytes * 1_000_000))


@bounded(Limits(wall_seconds=0.3))
def wait() -> None:
    time.sleep(60)


@bounded(Limits())
def nest(depth: int) -> int:
    return nest(depth - 1) if depth else 0


@bounded(Limits(result_megabytes=1))
def make(megabytes: int) -> str:
    return "x" * (megabytes * 1_000_000)


@bounded(Limits())
def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


@bounded(Limits())
def be_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@bounded(Limits())
def pid() -> int:
    return os.getpid()


@bounded(Limits())
def have_a_bug() -> None:
    raise ZeroDivisionError("a bug")


@bounded(Limits())
def write_a_file(path: str) -> None:
    with open(path, "w") as file:
        file.write("x" * 10_000)
