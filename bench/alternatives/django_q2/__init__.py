"""django-q2 by itself: one task for each recipient, on its PostgreSQL (ORM) broker."""

from __future__ import annotations

from bench.alternatives import race
from bench.alternatives.race import Alternative
from bench.context import Bench

ALTERNATIVE = Alternative(
    key="django_q2",
    name="django-q2, a task each, 2 workers",
    package="django_q",
    after_crash="mailed again after `retry` seconds: what was taken and not acknowledged",
    workers=[("-m", "django", "qcluster")],
)


def run(bench: Bench) -> None:
    race.enter(bench, ALTERNATIVE)
