"""Attacking one door: what comes in by it is made of valid samples, mutilated, with a piece of them
again and again; the cost may grow only as the size does, and the end is a result or an error that
the door declares.

    FUZZ_SECONDS=3600 make fuzz

What is found is printed as the call that makes it; it belongs into tests/security/ then.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import LimitReached
from sandbox.limits import NESTED
from tests.security.scaling import assert_linear

SECONDS = float(os.environ.get("FUZZ_SECONDS", "5"))
"""For each door."""
AT_ONCE = 20
"""Examples between two looks at the clock."""
LONGEST_PIECE = 200  # bytes
ANY_DOOR = (
    b"\0", b"\n", b"\r\n", b"\r", b" ", b"\t", b",", b";", b"<", b">", b"(", b")", b'"', b"'", b"\\",
    b"[", b"]", b"{", b"}", b"=", b"?", b"@", b"%", b"&", b"--", b"a", b"0", b"\xff", b"\xe4\xb8\xad",
    b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80",
)  # fmt: skip
"""What parsers of all kinds look for."""


class Growing(NamedTuple):
    """Something of any size."""

    before: bytes
    again: bytes
    after: bytes

    def of(self, size: int) -> bytes:
        return self.before + self.again * (size // len(self.again)) + self.after


@dataclass(frozen=True)
class Door:
    """`read` is a module's function of some bytes; `raises` are the errors that it declares, and
    `largest` the bytes that are let in. `words` mean something to it.
    """

    read: Callable[[bytes], Any]
    samples: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()
    raises: tuple[type[Exception], ...] = ()
    largest: int = 500_000


def attack(door: Door) -> None:
    """For FUZZ_SECONDS, or longer when something was found and is made smaller."""
    _for_a_while(door, lambda shape, size: _costs_what_it_is_worth(door, shape))


def attack_within_limits(door: Door) -> None:
    """As `attack`, of a function that runs in a worker with limits of its own: what it costs need
    not be in proportion there, and a limit that is reached is an error that it declares.
    """

    def one(shape: Growing, size: int) -> None:
        with contextlib.suppress(LimitReached, *door.raises):
            door.read(shape.of(size))

    _for_a_while(door, one)


def _for_a_while(door: Door, one: Callable[[Growing, int], None]) -> None:
    until = time.monotonic() + SECONDS
    found = False

    @settings(
        max_examples=AT_ONCE,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(growing(door), st.sampled_from([1, 100, 10_000, door.largest]))
    def example(shape: Growing, size: int) -> None:
        nonlocal found
        if found or time.monotonic() < until:
            try:
                one(shape, size)
            except BaseException:
                found = True
                raise

    while time.monotonic() < until:
        example()


def _costs_what_it_is_worth(door: Door, shape: Growing) -> None:
    try:
        assert_linear(door.read, shape.of, largest=door.largest, raises=door.raises)
    except LimitReached as limit:
        assert str(limit) == str(NESTED), f"{shape}: {limit}"


@st.composite
def growing(draw: st.DrawFn, door: Door) -> Growing:
    sample = draw(mutilated(door))
    at = draw(st.integers(0, len(sample)))
    again = draw(st.lists(pieces(door), min_size=1, max_size=3).map(b"".join))
    return Growing(sample[:at], again, draw(st.sampled_from([sample[at:], b"", b"\n", b"\0"])))


@st.composite
def mutilated(draw: st.DrawFn, door: Door) -> bytes:
    """A sample with a few pieces taken out, put in, repeated, or taken from another one."""
    sample = draw(st.sampled_from(door.samples))
    for _ in range(draw(st.integers(0, 4))):
        at, length = draw(st.integers(0, len(sample))), draw(st.integers(0, LONGEST_PIECE))
        piece = draw(st.one_of(st.just(sample[at : at + length] * 2), st.just(b""), pieces(door)))
        sample = sample[:at] + piece + sample[at + length :]
    return sample


@st.composite
def pieces(draw: st.DrawFn, door: Door) -> bytes:
    """Never empty."""
    if draw(st.booleans()):
        return draw(st.sampled_from(door.words + ANY_DOOR))
    sample = draw(st.sampled_from(door.samples))
    at = draw(st.integers(0, max(0, len(sample) - 1)))
    return sample[at : at + draw(st.integers(1, LONGEST_PIECE))] or b"a"
