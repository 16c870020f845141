"""A real PgBouncer before a server of a scenario."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.faults.programs import wait_until

CONFIGURATION = """\
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 60
"""


@contextmanager
def pgbouncer(url: str, mode: str, directory: Path) -> Iterator[str]:
    """Run one in this pool mode before the server at `url`. Yields the URL that leads through it.
    Needs PgBouncer's program, such as Debian's package pgbouncer.
    """
    behind = urlsplit(url)
    port = _free_port()
    file = directory / f"pgbouncer-{mode}.ini"
    file.write_text(
        CONFIGURATION.format(
            host=behind.hostname,
            port=behind.port,
            user=behind.username,
            listen_port=port,
            mode=mode,
        )
    )
    account = ["--user=nobody"] if os.geteuid() == 0 else []  # it does not run as root
    with (directory / f"pgbouncer-{mode}.log").open("wb") as log:
        process = subprocess.Popen(["pgbouncer", *account, str(file)], stderr=log)
    try:
        wait_until(lambda: _listens(port), 20, "PgBouncer listens")
        yield behind._replace(netloc=f"{behind.username}@127.0.0.1:{port}").geturl()
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0
