"""The limits of one call, and the errors raised when they are exceeded."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, gettext_lazy

MEGABYTE = 1_000_000
NESTED = gettext_lazy("is nested too deeply")


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
        return gettext("takes more than %(seconds)s s of processor time") % {
            "seconds": f"{self.cpu_seconds:g}"
        }

    @property
    def too_much_memory(self) -> str:
        return gettext("needs more than %(megabytes)s MB of memory") % {
            "megabytes": self.memory_megabytes
        }

    @property
    def too_long(self) -> str:
        return gettext("takes more than %(seconds)s s") % {"seconds": f"{self.wall_seconds:g}"}

    @property
    def too_large(self) -> str:
        return gettext("makes more than %(megabytes)s MB") % {"megabytes": self.result_megabytes}


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
