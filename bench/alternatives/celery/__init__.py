"""Celery with Redis: one task for each recipient, acknowledged when it is done."""

from __future__ import annotations

from bench.alternatives import race
from bench.alternatives.race import Alternative
from bench.context import Bench

ALTERNATIVE = Alternative(
    key="celery",
    name="Celery and Redis, a task each, 2 workers",
    package="celery",
    after_crash="mailed again: what a worker had taken (acks_late); Redis forgets up to a minute",
    workers=[
        (
            *("-m", "celery", "--app", "bench.alternatives.celery.tasks", "worker"),
            *("--concurrency", "2", "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        )
    ],
    needs_redis=True,
)


def run(bench: Bench) -> None:
    race.enter(bench, ALTERNATIVE)
