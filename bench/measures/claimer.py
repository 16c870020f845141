"""One claimer of `bench.measures.claims`; reports each round in a line of JSON."""

from __future__ import annotations

import json
import sys
import time
import uuid
from functools import partial

from django.db import connection, transaction

from bench.rig import crew
from dispatch.claiming import claims

BATCH = 100
DISPATCHER = 1


def main(service: int, task: int, first: int, batches: int) -> None:
    connection.ensure_connection()
    crew.when_told(partial(claim_batches, service, task, batches))


def claim_batches(service: int, task: int, batches: int) -> None:
    seconds, claimed, began = [], 0, time.monotonic()
    for _ in range(batches):
        before = time.monotonic()
        with transaction.atomic():
            found = claims.lock_claimable(task, BATCH)
            claims.take([(claim, service) for claim in found], uuid.uuid4(), DISPATCHER)
        seconds.append(time.monotonic() - before)
        claimed += len(found)
    answer = {
        "began": began, "ended": time.monotonic(), "seconds": seconds, "claimed": claimed
    }  # fmt: skip
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
