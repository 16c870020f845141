"""The benchmarks' view of the SMTP server: a process of its own, and its accepted messages."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.rig.programs import Failure, Program, python, wait_until

STALLED_SECONDS = 30.0
"""No message for so long means that no more will come."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Since the last `forget`; times are monotonic seconds, 0 for never."""

    accepted: int
    distinct: int
    bytes: int
    first_mail: float
    last_accepted: float

    @property
    def per_second(self) -> float:
        """Messages a second, from the first MAIL to the last acceptance."""
        return self.accepted / (self.last_accepted - self.first_mail)


class Sink(Program):
    """A running `bench.rig.smtp_server`."""

    def __init__(self, directory: Path) -> None:
        super().__init__("smtp", python("-m", "bench.rig.smtp_server"), os.environ, directory)
        wait_until(self._port, 20, "the SMTP server listens")
        self.port = self._port()
        self._control = socket.create_connection(("127.0.0.1", self.port))
        self._replies = self._control.makefile("rb")
        self._replies.readline()

    def __enter__(self) -> Self:
        return self

    def end(self) -> None:
        self._replies.close()
        self._control.close()
        super().end()

    def forget(self) -> None:
        self._ask(b"XRESET")

    def stats(self) -> Accepted:
        return Accepted(**json.loads(self._ask(b"XSTATS")))

    def wait_for_first(self, senders: Sequence[Program], seconds: float = 60.0) -> None:
        def has_mail() -> bool:
            _check(senders)
            return self.stats().first_mail > 0

        wait_until(has_mail, seconds, "the first message is being sent")

    def wait_for(self, messages: int, senders: Sequence[Program]) -> Accepted:
        """Wait until so many are accepted. Raises Failure when none comes any more."""
        seen = self.stats()

        def goes_on() -> bool:
            nonlocal seen
            _check(senders)
            before, seen = seen, self.stats()
            return seen.accepted > before.accepted or seen.accepted >= messages

        while seen.accepted < messages:
            wait_until(goes_on, STALLED_SECONDS, f"more than {seen.accepted} of {messages} arrived")
        return seen

    def check_each_once(self, messages: int) -> Accepted:
        """Raises Failure unless exactly this many were accepted, each for another recipient."""
        found = self.stats()
        if not found.accepted == found.distinct == messages:
            raise Failure(
                f"{messages} messages were to be sent; the SMTP server accepted {found.accepted} "
                f"for {found.distinct} recipients"
            )
        return found

    def _ask(self, command: bytes) -> bytes:
        self._control.sendall(command + b"\r\n")
        return self._replies.readline().removeprefix(b"250 ")

    def _port(self) -> int:
        found = re.search(r"listening on port (\d+)\n", self.said())
        return int(found[1]) if found else 0


def _check(programs: Sequence[Program]) -> None:
    for program in programs:
        program.check()
