from __future__ import annotations

import asyncio
import contextlib
import smtplib
import threading
import time
from collections.abc import Iterator

import pytest

from devmail import ports
from devmail.mailbox import Mailbox, default_path
from devmail.sink import HOST, Sink


class RunningSink(threading.Thread):
    """A sink in a thread of its own, until `stopping` is set there."""

    def __init__(self) -> None:
        super().__init__()
        self.port = ports.choose_smtp_port()
        self.listening = threading.Event()

    def run(self) -> None:
        with Mailbox(default_path()) as mailbox:
            asyncio.run(self._serve(Sink(mailbox)))

    async def _serve(self, sink: Sink) -> None:
        self.loop, self.stopping = asyncio.get_running_loop(), asyncio.Event()
        await sink.start(self.port)
        self.listening.set()
        await self.stopping.wait()
        await sink.stop()

    def ask_to_stop(self) -> None:
        with contextlib.suppress(RuntimeError):  # it has stopped
            self.loop.call_soon_threadsafe(self.stopping.set)


@pytest.fixture
def sink(var_dir: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSink]:
    monkeypatch.setattr("devmail.sink.QUIET_SECONDS", 0.1)
    running = RunningSink()
    running.start()
    assert running.listening.wait(10)
    yield running
    running.ask_to_stop()
    running.join(10)


def test_an_accepted_message_is_in_the_mailbox_as_it_was_sent(
    sink: RunningSink, mailbox: Mailbox
) -> None:
    with smtplib.SMTP(HOST, sink.port) as client:
        client.sendmail("news@example.com", ["ada@example.org"], b"Subject: Hi\r\n\r\n.dots\r\n")
    [summary] = mailbox.find("", before=None, limit=10)
    assert (summary.sender, summary.recipient) == ("news@example.com", "ada@example.org")
    assert mailbox.get(summary.id) == (summary, b"Subject: Hi\r\n\r\n.dots\r\n")


def test_any_user_and_password_will_do(sink: RunningSink) -> None:
    with smtplib.SMTP(HOST, sink.port) as client:
        code, _ = client.login("anybody", "anything")
    assert code == 235


def test_a_stopping_sink_still_serves_whoever_is_connected(
    sink: RunningSink, mailbox: Mailbox
) -> None:
    with smtplib.SMTP(HOST, sink.port) as client:
        client.ehlo()
        sink.ask_to_stop()
        began = time.monotonic()
        while time.monotonic() - began < 0.3:
            client.noop()
        client.sendmail("news@example.com", ["ada@example.org"], b"Subject: Late\r\n\r\n")
    sink.join(10)
    assert not sink.is_alive()
    assert mailbox.count() == 1
