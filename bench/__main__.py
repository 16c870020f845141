"""`python -m bench`: run the chosen benchmarks, print the tables and write them down."""

from __future__ import annotations

import fcntl
import shutil
import signal
import sys
from types import FrameType
from typing import NoReturn

from bench import options
from bench.context import Bench
from bench.options import Options
from bench.product_settings import DATABASE, use_product
from bench.rig.databases import PREFIX, Server
from bench.rig.programs import BASE, kill_all, kill_leftovers

VAR = BASE / "var"
SCRATCH = VAR / "bench"


def main() -> int:
    """0 when every benchmark came to its end."""
    chosen = options.read(sys.argv[1:])
    VAR.mkdir(exist_ok=True)
    with open(VAR / "bench.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another benchmark of this folder is running.", file=sys.stderr)
            return 1
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, end)
        return alone(chosen)


def end(number: int, frame: FrameType | None) -> NoReturn:
    """Unwind, so that everything is cleaned up."""
    sys.exit(128 + number)


def alone(chosen: Options) -> int:
    """Run with a server and a directory that leave nothing behind, even after a failure."""
    kill_leftovers()
    shutil.rmtree(SCRATCH / "files", ignore_errors=True)
    (SCRATCH / "files").mkdir(parents=True)
    try:
        with Server() as server:
            use_product(server.url(f"{PREFIX}_{DATABASE}"))
            from bench import suite  # imports models: Django must be set up

            return int(suite.run(Bench(chosen, server, SCRATCH / "files")) > 0)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    finally:
        kill_all()
        shutil.rmtree(SCRATCH, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
