"""Measure an alternative: fill its queue, then start its workers."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.context import Bench
from bench.rig.laps import POSTGRESQL, REDIS, Contestant, Lap, measure
from bench.rig.programs import Failure, Program, python, run, wait_until
from bench.rig.sink import Sink

QUEUE_TOOK = "queued in "
DJANGO_MANAGE = ("-m", "django")


@dataclass(frozen=True, slots=True)
class Alternative:
    key: str
    name: str
    package: str
    """The module that is there when it is installed."""
    after_crash: str
    workers: Sequence[Sequence[str]]
    """The arguments of Python for each process that it has sending."""
    needs_redis: bool = False

    @property
    def home(self) -> str:
        return f"bench.alternatives.{self.key}"

    def missing(self) -> str:
        """What is not there that it needs; empty when it can run."""
        if importlib.util.find_spec(self.package) is None:
            return "not installed"
        if self.needs_redis and shutil.which("redis-server") is None:
            return "redis-server is not installed"
        return ""


def enter(bench: Bench, alternative: Alternative) -> None:
    contestant = bench.enter(Contestant(alternative.key, alternative.name, alternative.after_crash))
    contestant.failure = alternative.missing()
    if contestant.failure:
        bench.say(f"{alternative.name}: {contestant.failure}")
        return
    for number in bench.repeats():
        lap = lap_of(bench, alternative, bench.options.alternative_messages)
        contestant.laps.append(lap)
        bench.say(f"{alternative.name}, lap {number}: {lap.per_second:,.0f}/s")


def lap_of(bench: Bench, alternative: Alternative, messages: int) -> Lap:
    with ExitStack() as stack:
        url = stack.enter_context(bench.server.fresh(alternative.key))
        sink = stack.enter_context(Sink(bench.directory))
        others = {POSTGRESQL: bench.server.pids()}
        env = environment(alternative, url, sink.port)
        if alternative.needs_redis:
            redis = stack.enter_context(redis_server(bench.directory))
            others[REDIS] = [redis.pid]
            env["BENCH_REDIS"] = str(redis_socket(bench.directory))
        queue_seconds = fill(bench, alternative, env, messages)
        bench.server.checkpoint()
        workers = start(alternative, env, bench.directory)
        return measure(
            sink, [*map(stack.enter_context, workers)], others, messages, lambda: None,
            queue_seconds=queue_seconds,
        )  # fmt: skip


def environment(alternative: Alternative, url: str, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": f"{alternative.home}.settings",
        "BENCH_DATABASE_URL": url,
        "BENCH_SMTP_PORT": str(port),
    }


def fill(bench: Bench, alternative: Alternative, env: dict[str, str], messages: int) -> float:
    """Create its tables and queue the messages. Returns how many seconds the queueing took."""
    run("migrate", python(*DJANGO_MANAGE, "migrate", "--verbosity=0"), env, bench.directory)
    command = python("-m", "bench.rig.with_django", f"{alternative.home}.queue", str(messages))
    said = run(f"{alternative.key}-queue", command, env, bench.directory)
    return float(said.rpartition(QUEUE_TOOK)[2].split()[0])


def start(alternative: Alternative, env: dict[str, str], directory: Path) -> Iterator[Program]:
    for number, arguments in enumerate(alternative.workers):
        yield Program(f"{alternative.key}{number}", python(*arguments), env, directory)


@contextmanager
def redis_server(directory: Path) -> Iterator[Program]:
    """Redis as it comes, on a socket in `directory`, without what the last one left there."""
    program = shutil.which("redis-server")
    if program is None:
        raise Failure("redis-server is not installed")
    (directory / "dump.rdb").unlink(missing_ok=True)
    place = redis_socket(directory)
    words = [program, "--port", "0", "--unixsocket", str(place), "--dir", str(directory)]
    with Program("redis", words, os.environ, directory) as redis:
        wait_until(place.exists, 20, "Redis runs")
        yield redis


def redis_socket(directory: Path) -> Path:
    return directory / "redis.sock"
