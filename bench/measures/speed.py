"""The table of all senders, and the headline figures."""

from __future__ import annotations

from collections.abc import Iterable

from bench import report
from bench.context import Bench
from bench.report import Headline, Table
from bench.rig.laps import POSTGRESQL, PYTHON, REDIS, SMTP, Contestant

YARDSTICK = "bare2"
OURS = "product2"
HEADERS = (
    "", "ratio", "messages/s", "least–most", "messages", "queued/s", "with queueing/s",
    "µs Python", "PostgreSQL", "Redis", "SMTP server", "bytes", "after a crash",
)  # fmt: skip
NOTES = (
    "ratio: against the bare Django loop in two processes. messages/s: from the first MAIL to the "
    "last acceptance, as the SMTP server saw it; the median lap.",
    "queued/s: how fast the messages get into the queue beforehand (here: the launch); with "
    "queueing/s: both together. µs: CPU time a message, by who used it.",
)


def table_of(bench: Bench) -> Table:
    table = Table("Speed", HEADERS, notes=list(NOTES), words=(0, len(HEADERS) - 1))
    yardstick = bench.contestants.get(YARDSTICK)
    base = yardstick.rate if yardstick and yardstick.laps else None
    for contestant in bench.contestants.values():
        table.add(*cells(contestant, base))
    return table


def cells(contestant: Contestant, base: float | None) -> Iterable[str]:
    blank = [""] * (len(HEADERS) - 3)
    if not contestant.laps:
        return [contestant.name, contestant.failure or "failed", *blank, contestant.after_crash]
    rates = [lap.per_second for lap in contestant.laps]
    queued = contestant.queue_rate
    both = 1 / (1 / contestant.rate + 1 / queued) if queued else contestant.rate
    return [
        contestant.name,
        report.ratio(contestant.rate / base) if base else "",
        report.count(contestant.rate),
        f"{min(rates):,.0f}–{max(rates):,.0f}",
        f"{contestant.laps[0].messages:,}",
        report.maybe(queued),
        report.count(both),
        *(
            report.maybe(contestant.cpu_microseconds(role))
            for role in (PYTHON, POSTGRESQL, REDIS, SMTP)
        ),
        f"{contestant.laps[0].bytes_each:,}",
        contestant.after_crash,
    ]


def headlines_of(bench: Bench) -> list[Headline]:
    """This project against all others."""
    ours = bench.contestants.get(OURS)
    if ours is None or not ours.laps:
        return []
    found = []
    for other in bench.contestants.values():
        against = ours.rate / other.rate if other.laps else 0.0
        if other.key == YARDSTICK and other.laps:
            found.append(
                Headline(
                    f"against the {other.name}", report.ratio(against), "≥ 2.00 ×", against >= 2
                )
            )
        elif other.laps and not other.name.startswith("EDM") and not other.key.startswith("bare"):
            found.append(
                Headline(f"against {other.name}", report.ratio(against), "> 1.00 ×", against > 1)
            )
    return found
