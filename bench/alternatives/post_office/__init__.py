"""django-post_office: mails as rows, sent in batches by `send_queued_mail`."""

from __future__ import annotations

from bench.alternatives import race
from bench.alternatives.race import Alternative
from bench.context import Bench

ALTERNATIVE = Alternative(
    key="post_office",
    name="django-post_office, 2 processes",
    package="post_office",
    after_crash="the batch (5,000) is mailed again: sent is recorded at its end only",
    workers=[("-m", "bench.alternatives.post_office.work")],
)


def run(bench: Bench) -> None:
    race.enter(bench, ALTERNATIVE)
