"""procrastinate: one job for each recipient, on the same PostgreSQL."""

from __future__ import annotations

from bench.alternatives import race
from bench.alternatives.race import Alternative
from bench.context import Bench

WORKER = (
    *("-m", "django", "procrastinate", "worker"),
    *("--concurrency", "4", "--delete-jobs", "successful"),
)
ALTERNATIVE = Alternative(
    key="procrastinate",
    name="procrastinate, a job each, 2 workers",
    package="procrastinate",
    after_crash="stays `doing`: retrying stalled jobs may mail them again",
    workers=[WORKER, WORKER],
)


def run(bench: Bench) -> None:
    race.enter(bench, ALTERNATIVE)
