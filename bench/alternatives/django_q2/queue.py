"""One `async_task` for each recipient, some hundred in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django_q.brokers import get_broker
from django_q.tasks import async_task

from bench.alternatives import queueing
from bench.alternatives.queueing import Addressed


def queue(messages: Sequence[Addressed]) -> None:
    broker = get_broker()
    with transaction.atomic():
        for address, values in messages:
            async_task("bench.letter.send", address, values, broker=broker, save=False)


if __name__ == "__main__":
    queueing.main(queue)
