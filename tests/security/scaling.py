"""How the cost of a function grows with its input: measured in a worker, whatever it does there.

    assert_linear(parse, lambda size: "," * size)

Cost is processor time and the most memory held. Inputs double from `start` until one takes long
enough to be measured; then one of four times that size may take about four times as long, not
sixteen. What reaches the worker's limits on the way is not linear, or too slow to be told apart.
"""

from __future__ import annotations

import contextlib
import importlib
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from sandbox import Limits, bounded

MEASURABLE_SECONDS = 0.01
"""Shorter runs are lost in what else happens on the machine."""
GROWTH = 4
TOLERANCE = 2.0
"""A linear cost grows by GROWTH, a quadratic one by its square; this is halfway (in logarithms)."""
UNCHANGING_BYTES = 30_000_000
"""Memory that may be used whatever the size: modules, tables, what the allocator keeps."""
UNSEEN_BYTES = 16
"""For each unit of size, that a run may have held without growing: in room left by one before."""


def repeated(piece: str, *, before: str = "", after: str = "") -> Callable[[int], str]:
    """A text of about so many characters."""
    return lambda size: before + piece * (size // len(piece)) + after


class Cost(NamedTuple):
    seconds: float
    peak_bytes: int


def assert_linear(
    function: Callable[..., Any],
    make: Callable[[int], Any],
    *,
    start: int = 1_000,
    largest: int = 500_000,
    raises: tuple[type[Exception], ...] = (),
) -> None:
    """Assert that the cost of function(make(size)) grows at most about as `size` does.

    `function` belongs to a module; `make` returns its argument, or a tuple of its arguments.
    `largest` bounds the sizes that are tried: a function that is still too quick to be measured
    there is fine. `raises` are errors of the function that are as good as a result.
    """
    size, cost = start, cost_of(function, make(start), raises)
    while cost.seconds < MEASURABLE_SECONDS and size < largest // GROWTH:
        size = min(size * 2, largest // GROWTH)
        cost = cost_of(function, make(size), raises)
    grown = cost_of(function, make(size * GROWTH), raises)
    held = max(cost.peak_bytes, UNSEEN_BYTES * size)
    allowed = UNCHANGING_BYTES + held * GROWTH * TOLERANCE
    assert grown.peak_bytes <= allowed, (
        f"{cost.peak_bytes:,} bytes at {size:,}, {grown.peak_bytes:,} at {size * GROWTH:,}"
    )
    if grown.seconds < MEASURABLE_SECONDS * GROWTH * TOLERANCE:
        return
    assert grown.seconds <= cost.seconds * GROWTH * TOLERANCE, (
        f"{GROWTH} times the input takes {grown.seconds / cost.seconds:.1f} times as long: "
        f"{cost.seconds:.3f} s at {size:,}, {grown.seconds:.3f} s at {size * GROWTH:,}"
    )


def cost_of(
    function: Callable[..., Any], argument: Any, raises: tuple[type[Exception], ...] = ()
) -> Cost:
    """The least of three runs: a busy machine makes single ones longer, never shorter. Long ones are
    measured twice: the first may import what a worker has not used yet.
    """
    arguments = argument if isinstance(argument, tuple) else (argument,)
    names = [(error.__module__, error.__qualname__) for error in raises]
    runs = []
    for _ in range(3):
        runs.append(Cost(*_measure(function.__module__, function.__qualname__, arguments, names)))
        if len(runs) > 1 and runs[-1].seconds > 0.5:
            break
    return min(runs)


@bounded(Limits(cpu_seconds=20, memory_megabytes=2_000, wall_seconds=300))
def _measure(
    module: str, name: str, arguments: tuple[Any, ...], raises: list[tuple[str, str]]
) -> tuple[float, int]:
    function = _found(module, name)
    errors = tuple(_found(*error) for error in raises)
    before = _resident_bytes()
    began = time.thread_time()  # that of the process is not exact while its limit is watched
    with contextlib.suppress(*errors):
        function(*arguments)
    return time.thread_time() - began, max(0, _peak_resident_bytes() - before)


def _found(module: str, name: str) -> Any:
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _resident_bytes() -> int:
    """What is held now; the peak is counted anew from here."""
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    return _status("VmRSS")


def _peak_resident_bytes() -> int:
    return _status("VmHWM")


def _status(name: str) -> int:
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0  # this system does not say
