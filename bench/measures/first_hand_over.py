"""From an idle cluster: how long after the commit of a launch the first MAIL is seen."""

from __future__ import annotations

import time
from statistics import median

from bench import product
from bench.context import Bench
from bench.report import Headline, Table
from bench.rig.programs import Program, wait_until
from bench.rig.sink import Sink
from campaigns.state import lifecycle

RECIPIENTS = (1_000, 20_000)
LAUNCHES = 5
IDLE_SECONDS = 2.0
MOST_SECONDS = 1.0


def run(bench: Bench) -> None:
    table = Table(
        "First hand-over after a launch, from idle", ["recipients", "median s", "longest s"]
    )
    for recipients in RECIPIENTS:
        seconds = launches(bench, recipients)
        bench.keep("first", recipients=recipients, seconds=seconds)
        table.add(f"{recipients:,}", f"{median(seconds):.2f}", f"{max(seconds):.2f}")
        bench.say(f"first hand-over of {recipients:,}: {median(seconds):.2f} s")
        if recipients == RECIPIENTS[0]:
            kept = median(seconds) <= MOST_SECONDS
            told = f"{median(seconds):.2f} s"
            bench.headlines.append(Headline("first hand-over after a launch", told, "≤ 1 s", kept))
    bench.tables.append(table)


def launches(bench: Bench, recipients: int) -> list[float]:
    """The seconds of a few launches on one cluster, one after the other."""
    options = bench.options
    with product.fresh_database(bench), Sink(bench.directory) as sink:
        product.make_services(sink.port, options.services, options.connections)
        with product.clusters(bench, 1, 1) as running:
            return [launch_once(recipients, sink, running) for _ in range(LAUNCHES)]


def launch_once(recipients: int, sink: Sink, running: list[Program]) -> float:
    task = product.make_campaign(recipients)
    time.sleep(IDLE_SECONDS)
    sink.forget()
    lifecycle.launch(task)
    launched = time.monotonic()
    sink.wait_for_first(running)
    lifecycle.cancel(task)
    wait_until(lambda: product.is_sent(task), 60, "the rest is cancelled")
    return sink.stats().first_mail - launched
