"""Set the limits of this worker process in the kernel."""

from __future__ import annotations

import resource
import signal

from sandbox import pool
from sandbox.limits import MEGABYTE, Limits

PAGE_BYTES = resource.getpagesize()


def limit(cpu_seconds: float, memory_megabytes: int) -> None:
    """Limit the processor time, and the address space beyond what is in use. A signal ends the
    worker at the first, at any point; allocations beyond the second fail."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    space = address_space() + memory_megabytes * MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (space, hard))
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)


def lift_limits() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    signal.setitimer(signal.ITIMER_PROF, 0)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def narrow(limits: Limits) -> None:
    """Narrow the limits for the rest of this call: what was prepared has had limits of its own.
    Does nothing outside a worker."""
    if pool.is_worker:
        limit(limits.cpu_seconds, limits.memory_megabytes)


def address_space() -> int:
    """Bytes; 0 where the system does not say, so that only the limit itself counts."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[0]) * PAGE_BYTES
    except OSError:
        return 0
