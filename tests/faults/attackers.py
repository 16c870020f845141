"""Programs that attack from outside, each bounded in time. Run as `python -m tests.faults.attackers`:

babble HOST                 a mail server that never stops talking; prints its port
flood PORT SECONDS FILE     requests to the web server, for paths in a JSON file, one connection each
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

FLOODS = 4
"""Connections of a flood at a time; each asks again as soon as it was answered."""
BREATH_SECONDS = 0.01
LINE = b"220-" + b"all is well " * 20 + b"\r\n"


async def babble(host: str) -> None:
    """Answer whatever is said, and nothing, with continuation lines without end."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while True:
                writer.write(LINE * 50)
                await writer.drain()

    server = await asyncio.start_server(talk, host, 0)
    print(f"on port {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def requests(port: int, paths: dict[str, list[str]]) -> Iterator[bytes]:
    """One of each kind after the other: the same pixel, forged tokens, webhooks, forms that are nothing."""
    pixel, hook = paths["pixel"][0], paths["hook"][0]
    for number in itertools.count():
        forged = f"{number:024d}"
        yield _get(pixel)
        yield _get(f"/o/{forged}")
        yield _get(f"/u/{forged}")
        yield _get(f"/c/{forged}?{'x' * 2_000}")
        yield _post(hook, "application/json", b"[" * 100_000)
        yield _post(f"/hooks/postmark/{forged}/", "application/json", b"{}")
        yield _post(f"/u/{forged}", "multipart/form-data; boundary=x", b"--x\r\n" * 500)
        yield _post("/admin/login/", "application/x-www-form-urlencoded", b"username=a&password=b")
        yield _get(f"/admin/login/?next={'/' * 3_000}")


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode("ascii")


def _post(path: str, kind: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode("ascii") + body


async def flood(port: int, seconds: float, paths: dict[str, list[str]]) -> None:
    """Print how often each status was answered."""
    asked, until = requests(port, paths), time.monotonic() + seconds
    statuses: Counter[str] = Counter()

    async def ask_on() -> None:
        while time.monotonic() < until:
            statuses[await _ask(port, next(asked))] += 1
            await asyncio.sleep(BREATH_SECONDS)

    await asyncio.gather(*(ask_on() for _ in range(FLOODS)))
    print(json.dumps(statuses), flush=True)


async def _ask(port: int, request: bytes) -> str:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.closing(writer):
            writer.write(request)
            await writer.drain()
            return (await reader.readline())[9:12].decode("ascii", "replace")
    except OSError as error:
        return type(error).__name__


def main() -> None:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    babbling = commands.add_parser("babble")
    babbling.add_argument("host")
    flooding = commands.add_parser("flood")
    flooding.add_argument("port", type=int)
    flooding.add_argument("seconds", type=float)
    flooding.add_argument("paths", type=Path)
    given = parser.parse_args()
    os.nice(15)  # they stand for other machines, whose processors are not ours
    if given.command == "babble":
        asyncio.run(babble(given.host))
    else:
        asyncio.run(flood(given.port, given.seconds, json.loads(given.paths.read_text())))


if __name__ == "__main__":
    main()
