"""A database that is gone, for one thread of a test."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def unreachable_database() -> Iterator[None]:
    """Point this thread's connection to a port on which nobody listens. For a thread of its own:
    the connection is closed before and after.
    """
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connecting is refused
        connection.close()
        before = connection.settings_dict
        connection.settings_dict = {
            **before,
            "HOST": "127.0.0.1",
            "PORT": str(taken.getsockname()[1]),
        }
        try:
            yield
        finally:
            connection.settings_dict = before
            connection.close()
