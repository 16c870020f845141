"""How many posts a second the webhooks take, how long each waits for its answer, and whether each
event is there:

    .venv/bin/python -m tests.load.webhooks [seconds] [connections] [events in a post]

Starts the web server as docs/operations.md says, on a database of its own, and posts to it over
loopback from this process, which takes part of the same processors.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.load.public_endpoints import apply_all, ask, free_port, web  # first: it sets Django up

from dispatch.models import EmailService  # isort: skip
from dispatch.providers.webhooks import webhook_url  # isort: skip
from tests.dispatch.providers.webhook_posts import service_of, signed  # isort: skip
from tests.faults.databases import Server, django_uses  # isort: skip
from tests.tracking.making import sent  # isort: skip
from tracking.models import Event  # isort: skip

SUBTASKS = 500
MOST_SECONDS = 3.0
"""EngageLab waits so long for an answer and then posts again."""
MOST_A_SECOND = 2_000
PROVIDERS = ("engagelab", "sendgrid")
"""One signs with a digest, the other with a key pair; both post arrays, too."""


@dataclass
class Storm:
    """What became of the posts."""

    answers: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def quantile(self, part: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


def engagelab(subtask_id: int, number: int) -> dict[str, object]:
    return {
        "message_id": f"{number}.inbound",
        "to": f"Ann <r{subtask_id}@example.org>",
        "itime": 1764072001502,
        "custom_args": {"subtask": str(subtask_id)},
        "status": {
            "message_status": "delivered",
            "status_data": {"email_id": f"{number}.inbound0$r{subtask_id}@example.org"},
        },
    }


def sendgrid(subtask_id: int, number: int) -> dict[str, object]:
    return {
        "email": f"r{subtask_id}@example.org",
        "event": "delivered",
        "sg_event_id": f"event-{number}",
        "sg_message_id": f"{number}.recvd-1",
        "timestamp": 1764072001,
        "response": "250 OK",
        "subtask": str(subtask_id),
    }


MAKERS: dict[str, Callable[[int, int], dict[str, object]]] = {
    "engagelab": engagelab,
    "sendgrid": sendgrid,
}


def posts(service: EmailService, subtask_ids: list[int], port: int, events: int) -> Iterator[bytes]:
    """Requests ready to be written, each with events that nobody has told before."""
    subtasks, make = itertools.cycle(subtask_ids), MAKERS[service.provider]
    path = urlsplit(webhook_url(service)).path
    for number in itertools.count(1):
        told = [make(next(subtasks), number * events + n) for n in range(events)]
        body, headers = signed(service.provider, json.dumps(told).encode())
        lines = [f"POST {path} HTTP/1.1", f"Host: localhost:{port}", f"Content-Length: {len(body)}"]
        lines += ["Content-Type: application/json", *(f"{k}: {v}" for k, v in headers.items())]
        yield "\r\n".join([*lines, "", ""]).encode() + body


async def post(port: int, requests: Iterator[bytes], storm: Storm) -> None:
    began = time.monotonic()
    async for status in ask(port, requests):
        storm.seconds.append(time.monotonic() - began)
        storm.answers[status] += 1
        began = time.monotonic()


async def blow(port: int, requests: Iterator[bytes], seconds: float, connections: int) -> Storm:
    """Post for so long, or until there is nothing left to post."""
    storm, until = Storm(), time.monotonic() + seconds
    in_time = itertools.takewhile(lambda _: time.monotonic() < until, requests)
    await asyncio.gather(*(post(port, in_time, storm) for _ in range(connections)))
    return storm


def measure(provider: str, port: int, seconds: float, connections: int, events: int) -> bool:
    """Whether every post was answered in time and every event is there."""
    service = service_of(provider)
    subtask_ids = [sent(service=service).pk for _ in range(SUBTASKS)]
    # Signed beforehand: that is the provider's work.
    most = int(MOST_A_SECOND * (seconds + 1))
    requests = iter(list(itertools.islice(posts(service, subtask_ids, port, events), most)))
    asyncio.run(blow(port, requests, 1.0, connections))
    before = Event.objects.count()
    began = time.monotonic()
    storm = asyncio.run(blow(port, requests, seconds, connections))
    took = time.monotonic() - began
    total, told = storm.answers.total(), Event.objects.count() - before
    print(
        f"{provider}: {total / took:,.0f} posts/s with {total * events / took:,.0f} events/s, "
        f"answered in {storm.quantile(0.5) * 1000:.0f} ms, 99 % in "
        f"{storm.quantile(0.99) * 1000:.0f} ms, all in {storm.quantile(1) * 1000:.0f} ms; answers "
        f"{dict(storm.answers)}, {total * events - told} events missing"
    )
    in_time = storm.quantile(1) < MOST_SECONDS
    return in_time and told == total * events and storm.answers.keys() == {200}


def main(seconds: float, connections: int = 16, events: int = 1) -> int:
    server = Server()
    try:
        with server.fresh() as url, django_uses(url):
            port = free_port()
            with web(url, port):
                good = [measure(each, port, seconds, connections, events) for each in PROVIDERS]
            print(f"applied: {apply_all():,.0f} events/s")
    finally:
        server.close()
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if sys.argv[1:] else 10.0, *map(int, sys.argv[2:4])))
