"""Launching: how long creating a campaign's SubTasks takes, and how much memory."""

from __future__ import annotations

from statistics import median

from bench import product, report
from bench.context import Bench
from bench.report import Headline, Table
from bench.rig.laps import POSTGRESQL, PYTHON
from bench.rig.metering import Meter

MOST_SECONDS = 15.0


def run(bench: Bench) -> None:
    recipients = bench.options.launch
    seconds, memory = [], []
    for number in bench.repeats():
        took, most = launch_once(bench, recipients)
        seconds.append(took)
        memory.append(most)
        bench.say(f"launch, lap {number}: {took:.1f} s")
    bench.keep("launch", recipients=recipients, seconds=seconds, most_memory=memory)
    took = median(seconds)
    table = Table("Launch", ["recipients", "s", "recipients/s", "most memory of a worker"])
    table.add(
        f"{recipients:,}", f"{took:.1f}", report.count(recipients / took),
        report.megabytes(max(memory)),
    )  # fmt: skip
    bench.tables.append(table)
    if recipients >= 1_000_000:
        bench.headlines.append(
            Headline(
                "launch of 1,000,000",
                f"{took:.1f} s",
                f"≤ {MOST_SECONDS:.0f} s",
                took <= MOST_SECONDS,
            )
        )


def launch_once(bench: Bench, recipients: int) -> tuple[float, int]:
    """Seconds, and the most bytes that a process of the cluster had. Nothing is sent meanwhile."""
    with product.fresh_database(bench):
        services = product.make_services(port=1, count=1, connections=1)
        task = product.make_campaign(recipients)
        product.freeze(services)
        bench.server.checkpoint()
        with product.clusters(bench, 1, 1) as running:
            roots = {PYTHON: [running[0].pid], POSTGRESQL: bench.server.pids()}
            with Meter(roots) as meter:
                meter.begin()
                took = product.launch(task)
        return took, max(m.most for m in meter.memory.values() if m.role == PYTHON)
