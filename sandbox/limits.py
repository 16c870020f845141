"""The limits of one call, and the errors raised when they are exceeded."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1_000_000
NESTED = "is nested too deeply"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call in a worker may spend."""

    cpu_seconds: float = 2.0
    """Processor time, so that a busy machine ends no call early."""
    memory_megabytes: int = 256
    """Address space beyond what the idle worker has."""
    result_megabytes: int = 32
    wall_seconds: float = 30.0
    """For a machine that hangs; processor time comes first."""
    wait_seconds: float = 30.0
    """How long to wait for a worker that is free."""

    @property
    def too_much_time(self) -> str:
        return f"takes more than {self.cpu_seconds:g} s of processor time"

    @property
    def too_much_memory(self) -> str:
        return f"needs more than {self.memory_megabytes} MB of memory"


class LimitReached(Exception):
    """The call was ended. The message names the limit: "takes more than 2 s of processor time"."""


class Stalled(LimitReached):
    """The call was ended by the wall clock, before its processor time: the machine is to blame, or
    what was called waits for something.
    """


class Failed(Exception):
    """The call could not be made: no worker was free, or workers were ended from outside. Says
    nothing about the input; the call may be made again later.
    """
