"""A small real SMTP server that records what it accepts and misbehaves on request.

In process: `with SmtpServer(behaviours=["rcpt:reply:550 5.1.1 No such user@to=bad*"]) as server:
server.port`. On its own: `python -m tests.smtp_server --port 2525 --record FILE --behaviour
dot:close-stored@every=100`.

How to ask for misbehaviour: tests/smtp_behaviours.py.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import signal
import ssl
import threading
from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tests.smtp_behaviours import Behaviour
from tests.smtp_session import Received, Session


class SmtpServer:
    """Runs in a thread of its own between `start` and `stop`. What it counted may be read at any
    time.
    """

    EXTENSIONS: ClassVar[tuple[str, ...]] = (
        "PIPELINING",
        "SIZE 20000000",
        "8BITMIME",
        "ENHANCEDSTATUSCODES",
        "SMTPUTF8",
    )

    def __init__(
        self,
        behaviours: Sequence[str] = (),
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        record: Path | None = None,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        user: str = "",
        password: str = "",
        mechanisms: str = "PLAIN LOGIN",
        store: bool = True,
        idle_seconds: float = 0,
        idle_reply: bytes = b"",
        without: Collection[str] = (),
    ) -> None:
        self.behaviours = [Behaviour.parse(text) for text in behaviours]
        self.host = host
        self.port, self.record, self.tls, self.implicit_tls = port, record, tls, implicit_tls
        self.user, self.password, self.mechanisms = user, password, mechanisms
        self.store, self.idle_seconds, self.idle_reply = store, idle_seconds, idle_reply
        self.extensions = [one for one in self.EXTENSIONS if one.split()[0] not in without]
        self.messages: list[Received] = []
        self.stray_bodies: list[bytes] = []  # up to the dot, of messages to nobody
        self.accepted = self.resets = self.pings = self.farewells = self.connections = 0
        self.greetings: list[str] = []
        self.open_sessions: set[Session] = set()
        self.numbers = itertools.count(1)
        self._serials = itertools.count(1)
        self._tasks: set[asyncio.Future[None]] = set()
        self._file: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True)
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the SMTP server did not start")

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)

    def hang_up(self) -> None:
        """Drop every open connection, as a restarted server does; returns when that is done."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(self._abort_all, done)
        done.wait(10)

    async def serve(self, *, signals: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        if self.record:
            self._file = os.open(self.record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        server = await self._loop.create_server(
            lambda: Session(self), self.host, self.port, backlog=512,
            ssl=self.tls if self.implicit_tls else None,
        )  # fmt: skip
        self.port = server.sockets[0].getsockname()[1]
        if signals:
            print(f"listening on port {self.port}", flush=True)
            for number in (signal.SIGINT, signal.SIGTERM):
                self._loop.add_signal_handler(number, self._stopped.set)
        else:
            self._ready.set()
        await self._stopped.wait()
        server.close()
        self._abort_all()
        await asyncio.sleep(0)
        if self._file is not None:
            os.close(self._file)

    def _abort_all(self, done: threading.Event | None = None) -> None:
        for session in list(self.open_sessions):
            session.transport.abort()
        if done:
            # The sockets close in the next round of the loop.
            self._loop.call_soon(lambda: self._loop.call_soon(done.set))

    def behaviour(self, phase: str, recipient: str) -> Behaviour | None:
        if phase == "connect":
            self.connections += 1
        return next((one for one in self.behaviours if one.applies(phase, recipient)), None)

    def offers(self, secured: bool) -> list[str]:
        offers = list(self.extensions)
        if self.tls and not secured and not self.implicit_tls:
            offers.append("STARTTLS")
        if self.user:
            offers.append(f"AUTH {self.mechanisms}")
        return offers

    def keep(self, received: Received) -> None:
        self.accepted += 1
        if self._file is not None:
            os.write(self._file, received.line())
        if self.store:
            self.messages.append(received)

    def keep_task(self, task: asyncio.Future[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def serial(self) -> int:
        return next(self._serials)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--record", type=Path, help="file that takes one JSON line per accepted message"
    )
    parser.add_argument(
        "--behaviour", action="append", default=[], help="may be given several times"
    )
    parser.add_argument(
        "--idle-seconds", type=float, default=0, help="close connections idle for so long"
    )
    parser.add_argument(
        "--without", action="append", default=[], help="extension not to offer, such as SMTPUTF8"
    )
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    chosen = parser.parse_args()
    server = SmtpServer(
        chosen.behaviour, host=chosen.host, port=chosen.port, record=chosen.record, store=False,
        idle_seconds=chosen.idle_seconds, user=chosen.user, password=chosen.password,
        without=chosen.without,
    )  # fmt: skip
    asyncio.run(server.serve(signals=True))


if __name__ == "__main__":
    main()
