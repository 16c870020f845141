"""One `apply_async` for each recipient, over one connection to Redis."""

from __future__ import annotations

from collections.abc import Sequence

from bench.alternatives import queueing
from bench.alternatives.celery.tasks import app, send
from bench.alternatives.queueing import Addressed


def queue(messages: Sequence[Addressed]) -> None:
    with app.producer_pool.acquire(block=True) as producer:
        for message in messages:
            send.apply_async(message, producer=producer)


if __name__ == "__main__":
    queueing.main(queue)
