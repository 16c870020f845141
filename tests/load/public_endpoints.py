"""How many opens and clicks a second the public pages take, and whether each is counted:

    .venv/bin/python -m tests.load.public_endpoints [seconds] [connections]

Starts the web server as docs/operations.md says, on a database of its own, and asks it over
loopback from this process, which takes part of the same processors.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.conf import settings  # noqa: E402  (needs django.setup)

from tests.faults.databases import Server, django_uses  # noqa: E402
from tests.faults.programs import Program, environment, wait_until  # noqa: E402
from tests.tracking.making import from_launch, frozen  # noqa: E402
from tests.tracking.visiting import BROWSER, path  # noqa: E402
from tracking.events import apply, repeats  # noqa: E402
from tracking.links.tokens import Purpose  # noqa: E402
from tracking.models import Event  # noqa: E402

SUBTASKS = 500
WORKERS, THREADS = 2, 8
A_CONNECTION = 50  # requests
StatusCounts = Counter[int]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def web(url: str, port: int) -> Iterator[None]:
    """The web server, set up and started as in production, but for TLS."""
    arguments = ["-m", "gunicorn", "edm_project.wsgi", "--bind", f"127.0.0.1:{port}"]
    arguments += ["--workers", str(WORKERS), "--threads", str(THREADS), "--log-level", "warning"]
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "web.log"
        in_production = {**environment(url), **production()}
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
        subprocess.run(collect, cwd=settings.BASE_DIR, env=in_production, check=True)
        program = Program(arguments, in_production, log)
        try:
            wait_until(lambda: answers(port), 30, "the web server listens")
            yield
        finally:
            program.kill()


def production() -> dict[str, str]:
    return {
        "DEBUG": "no",
        "SSL_REDIRECT": "no",
        "ALLOWED_HOSTS": "localhost",
        "PUBLIC_URL": settings.PUBLIC_URL,
        "TRACKING_KEYS": ",".join(settings.TRACKING_KEYS),
        "ERASURE_KEYS": ",".join(settings.ERASURE_KEYS),
        "SCANNER_SECONDS": "0",
        "LOG_LEVEL": "ERROR",
    }


def addresses() -> dict[str, list[str]]:
    made = frozen('<a href="https://example.com/a">x</a>', track_opens=True)
    subtasks = [from_launch(made).pk for _ in range(SUBTASKS)]
    return {
        "opens": [path(Purpose.OPEN, pk) for pk in subtasks],
        "clicks": [path(Purpose.CLICK, pk, *made.link_ids) for pk in subtasks],
    }


async def ask(port: int, requests: Iterator[bytes]) -> AsyncIterator[int]:
    """The status of each answer, one request after the other. As visitors and proxies come and go,
    a connection is for a few requests, which spreads them over the server's processes.
    """
    for first in requests:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in itertools.chain([first], itertools.islice(requests, A_CONNECTION - 1)):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            yield int(head[9:12])
            if b"connection: close" in head.lower():
                break
        writer.close()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def visits(paths: list[str], until: float) -> Iterator[bytes]:
    for address in itertools.cycle(paths):
        if time.monotonic() > until:
            return
        request = f"GET {address} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {BROWSER}\r\n\r\n"
        yield request.encode("ascii")


async def storm(port: int, paths: list[str], seconds: float, connections: int) -> StatusCounts:
    counts: StatusCounts = Counter()
    requests = visits(paths, time.monotonic() + seconds)

    async def visit() -> None:
        async for status in ask(port, requests):
            counts[status] += 1

    await asyncio.gather(*(visit() for _ in range(connections)))
    return counts


def visits_told() -> int:
    repeats.fold()
    return sum(Event.objects.values_list("times", flat=True))


def apply_all() -> float:
    """Apply everything that came in. Returns events a second."""
    began, waiting = time.monotonic(), Event.objects.filter(state="waiting").count()
    while Event.objects.filter(state="waiting").exists():
        apply.apply_waiting()
    return waiting / (time.monotonic() - began)


def main(seconds: float, connections: int = 16) -> None:
    settings.SCANNER_SECONDS = 0
    server = Server()
    try:
        with server.fresh() as url, django_uses(url):
            port, paths = free_port(), addresses()
            with web(url, port):
                for name, urls in paths.items():
                    asyncio.run(storm(port, urls, 1.0, connections))
                    before = visits_told()
                    counts = asyncio.run(storm(port, urls, seconds, connections))
                    told = visits_told() - before
                    total = sum(counts.values())
                    print(
                        f"{name}: {total / seconds:,.0f} requests/s, answers {dict(counts)}, "
                        f"{total - told} not counted"
                    )
            print(f"applied: {apply_all():,.0f} events/s")
    finally:
        server.close()


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 10.0, *map(int, sys.argv[2:3]))
