"""Ports of the local programs. The SMTP port is remembered in var/, as services are configured with
it."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from django.conf import settings

from edm_project.environment import make_private

HOST = "127.0.0.1"
FIRST_SMTP_PORT = 2525


class PortError(Exception):
    """A port cannot be used; the message says what to do."""


def parse(text: str) -> int:
    """Raises PortError."""
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise PortError(f"PORT is {text!r}. Set it to a number from 1 to 65535: make run PORT=8001")


def require_free(port: int) -> None:
    """Raises PortError when the web server could not listen there."""
    try:
        _bind(port).close()
    except PermissionError as error:
        raise PortError(
            f"Port {port} may only be used by root. Choose one from 1024: make run PORT=8001"
        ) from error
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortError(
            f"Port {port} is in use by another program. Choose another: make run PORT={port + 1}"
        ) from error


def remembered_smtp_port() -> int:
    """The port of the local SMTP server; the usual one before any was chosen."""
    try:
        return int(_file().read_text())
    except (FileNotFoundError, ValueError):
        return FIRST_SMTP_PORT


def choose_smtp_port() -> int:
    """The remembered port while it is free, else any free one, which is remembered from now on."""
    try:
        listener = _bind(remembered_smtp_port())
    except OSError:
        listener = _bind(0)
    with listener:
        port: int = listener.getsockname()[1]
    make_private(_file().parent)
    _file().write_text(f"{port}\n")
    return port


def _bind(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _file() -> Path:
    path: Path = settings.VAR_DIR / "smtp_port"
    return path
