"""This project sends the campaign: one dispatcher, two, and two in clusters of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench import product
from bench.context import Bench
from bench.rig.laps import POSTGRESQL, Contestant, Lap, measure
from bench.rig.programs import Program
from bench.rig.sink import Sink
from campaigns.models import Task
from dispatch.models import EmailService

AFTER_CRASH = "none twice, none lost; at most what was in flight is in doubt, for a person"


@dataclass(frozen=True, slots=True)
class Lineup:
    key: str
    name: str
    clusters: int
    dispatchers: int


ONE = Lineup("product1", "EDM Dispatch, 1 dispatcher", 1, 1)
TWO = Lineup("product2", "EDM Dispatch, 2 dispatchers", 1, 2)
TWO_CLUSTERS = Lineup("product1+1", "EDM Dispatch, 2 clusters of 1", 2, 1)


@dataclass(frozen=True, slots=True)
class Launched:
    """A campaign that waits for its frozen services, and the clusters that will send it."""

    bench: Bench
    sink: Sink
    services: list[EmailService]
    task: Task
    recipients: int
    running: list[Program]
    queue_seconds: float

    def send(self) -> Lap:
        """Let the services go and measure until every SubTask is durably sent."""
        return measure(
            self.sink,
            self.running,
            {POSTGRESQL: self.bench.server.pids()},
            self.recipients,
            start=lambda: product.unfreeze(self.services),
            is_done=lambda: product.is_sent(self.task),
            queue_seconds=self.queue_seconds,
        )


@contextmanager
def launched(bench: Bench, lineup: Lineup, recipients: int) -> Iterator[Launched]:
    options = bench.options
    with product.fresh_database(bench), Sink(bench.directory) as sink:
        services = product.make_services(sink.port, options.services, options.connections)
        task = product.make_campaign(recipients)
        product.freeze(services)
        with product.clusters(bench, lineup.clusters, lineup.dispatchers) as running:
            seconds = product.launch(task)
            yield Launched(bench, sink, services, task, recipients, running, seconds)
        product.audit(bench)


def run(bench: Bench) -> None:
    for lineup in (ONE, TWO, TWO_CLUSTERS):
        contestant = bench.enter(Contestant(lineup.key, lineup.name, AFTER_CRASH))
        for number in bench.repeats():
            with launched(bench, lineup, bench.options.messages) as campaign:
                lap = campaign.send()
            contestant.laps.append(lap)
            bench.say(f"{lineup.name}, lap {number}: {lap.per_second:,.0f}/s")
