from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from devmail import ports


@contextlib.contextmanager
def taken(port: int = 0) -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((ports.HOST, port))
        listener.listen()
        yield listener.getsockname()[1]


def test_the_smtp_port_stays_the_same_while_it_is_free() -> None:
    with taken() as port:
        pass
    _remember(port)
    assert [ports.choose_smtp_port(), ports.choose_smtp_port()] == [port, port]


def test_another_smtp_port_is_chosen_and_remembered_when_the_last_one_is_taken() -> None:
    with taken() as port:
        _remember(port)
        chosen = ports.choose_smtp_port()
    assert chosen != port
    assert ports.remembered_smtp_port() == chosen


def test_a_taken_web_port_is_refused_with_what_to_do() -> None:
    with taken() as port, pytest.raises(ports.PortError, match=f"make run PORT={port + 1}"):
        ports.require_free(port)


@pytest.mark.parametrize("text", ["", "0", "65536", "http", "80 80", "-1"])
def test_what_is_no_port_is_refused_by_name(text: str) -> None:
    with pytest.raises(ports.PortError, match="PORT is"):
        ports.parse(text)


def _remember(port: int) -> None:
    path: Path = settings.VAR_DIR / "smtp_port"
    path.write_text(f"{port}\n")
