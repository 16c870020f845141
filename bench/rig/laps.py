"""One measured run of a sender: its speed, and CPU time by role."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.rig.metering import Memory, Meter
from bench.rig.programs import Program, wait_until
from bench.rig.sink import Sink

PYTHON, POSTGRESQL, SMTP, REDIS = "Python", "PostgreSQL", "SMTP server", "Redis"


@dataclass(frozen=True, slots=True)
class Lap:
    messages: int
    per_second: float
    """From the first MAIL to the last acceptance, as the SMTP server saw it."""
    bytes_each: int
    cpu: Mapping[str, float]
    """Seconds by role."""
    queue_seconds: float | None = None
    """What it took to get the messages into the queue, before anything was sent."""
    memory: Mapping[int, Memory] = field(default_factory=dict)


@dataclass(slots=True)
class Contestant:
    """One of the compared senders, with its laps so far."""

    key: str
    name: str
    after_crash: str
    laps: list[Lap] = field(default_factory=list)
    failure: str = ""

    @property
    def rate(self) -> float:
        return median(lap.per_second for lap in self.laps)

    @property
    def queue_rate(self) -> float | None:
        """Messages a second into the queue."""
        rates = [lap.messages / lap.queue_seconds for lap in self.laps if lap.queue_seconds]
        return median(rates) if rates else None

    def cpu_microseconds(self, role: str) -> float | None:
        """Per message."""
        found = [lap.cpu[role] / lap.messages * 1e6 for lap in self.laps if role in lap.cpu]
        return median(found) if found else None


def measure(
    sink: Sink,
    senders: Sequence[Program],
    others: Mapping[str, Sequence[int]],
    messages: int,
    start: Callable[[], None],
    is_done: Callable[[], object] = lambda: True,
    queue_seconds: float | None = None,
) -> Lap:
    """Let `senders` start and measure them until `messages` are accepted and `is_done`.

    `others` are the pids of the servers in use, by role. Raises Failure unless each message came
    exactly once.
    """
    sink.forget()
    roots = {PYTHON: [program.pid for program in senders], SMTP: [sink.pid], **others}
    with Meter(roots) as meter:
        start()
        sink.wait_for_first(senders)
        meter.begin()
        sink.wait_for(messages, senders)
        wait_until(is_done, 60, "everything is recorded")
    found = sink.check_each_once(messages)
    return Lap(
        messages,
        found.per_second,
        found.bytes // messages,
        meter.cpu,
        queue_seconds,
        meter.memory,
    )
