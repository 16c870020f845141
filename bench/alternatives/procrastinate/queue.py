"""One job for each recipient, deferred in batches."""

from __future__ import annotations

from collections.abc import Sequence

from bench.alternatives import queueing
from bench.alternatives.procrastinate.tasks import send
from bench.alternatives.queueing import Addressed


def queue(messages: Sequence[Addressed]) -> None:
    send.batch_defer(*({"recipient": address, "values": values} for address, values in messages))


if __name__ == "__main__":
    queueing.main(queue)
