"""Segments: how long counting typical conditions takes, and reading ten contacts of each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median, quantiles

from bench import product, report
from bench.context import Bench
from bench.measures import conditions
from bench.report import Headline, Table
from campaigns.models import Contact
from campaigns.segments.matching import contacts_in
from campaigns.segments.sql.plans import planned_for_sets
from devmail import audience

MOST_SECONDS = 0.5
LAPS = 5
SAMPLES = 10


@dataclass(slots=True)
class Measured:
    """One condition; seconds by lap."""

    what: str
    found: int = 0
    counting: list[float] = field(default_factory=list)
    reading: list[float] = field(default_factory=list)


def run(bench: Bench) -> None:
    with product.fresh_database(bench):
        made = audience.seed(bench.options.contacts, bench.options.events, bench.say)
        bench.server.checkpoint()
        plain, found = measure(made.owner_id)
    bench.keep(
        "segments",
        contacts=made.contacts,
        events=made.events,
        plain=plain,
        conditions={each.what: [each.counting, each.reading] for each in found},
    )
    bench.tables.append(table_of(made, plain, found))
    slowest = percentile([median(each.counting) for each in found], 95)
    what = f"p95 of the counts of {len(found)} segments, {made.contacts:,} contacts"
    reached = f"{report.milliseconds(slowest)} ms"
    bench.headlines.append(Headline(what, reached, "≤ 500 ms", slowest <= MOST_SECONDS))


def measure(owner_id: int) -> tuple[float, list[Measured]]:
    """Seconds of a plain count of all contacts, and the conditions."""
    plain = median(timed(Contact.objects.count)[0] for _ in range(LAPS))
    found = []
    for what, condition in conditions.typical(owner_id).items():
        one = Measured(what)
        for _ in range(LAPS):
            contacts = contacts_in(owner_id, condition)
            took, one.found = timed(contacts.count)
            one.counting.append(took)
            took, _ = timed(lambda c=contacts: len(c.order_by("pk")[:SAMPLES]))  # type: ignore[misc]
            one.reading.append(took)
        found.append(one)
    return plain, found


def timed(ask: Callable[[], int]) -> tuple[float, int]:
    with planned_for_sets():
        began = time.perf_counter()
        answer = ask()
        return time.perf_counter() - began, answer


def percentile(seconds: list[float], percent: int) -> float:
    return quantiles(seconds, n=100, method="inclusive")[percent - 1]


def table_of(made: audience.Seeded, plain: float, found: list[Measured]) -> Table:
    table = Table(
        "Segments", ["condition", "contacts", "count ms", "of a plain count", "ten contacts ms"]
    )
    for each in found:
        count = median(each.counting)
        table.add(
            each.what, f"{each.found:,}", report.milliseconds(count), report.ratio(count / plain),
            report.milliseconds(median(each.reading)),
        )  # fmt: skip
    for percent in (50, 95):
        count = percentile([median(each.counting) for each in found], percent)
        ten = percentile([median(each.reading) for each in found], percent)
        table.add(
            f"p{percent}", "", report.milliseconds(count), report.ratio(count / plain),
            report.milliseconds(ten),
        )  # fmt: skip
    table.notes.append(
        f"{made.contacts:,} contacts, {made.messages:,} messages and {made.events:,} events; the "
        f"median of {LAPS} laps. A plain count of all contacts: {report.milliseconds(plain)} ms."
    )
    return table
