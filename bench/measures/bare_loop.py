"""The yardstick: django.core.mail in a loop over a kept-alive connection, without a database."""

from __future__ import annotations

import sys

import django
from django.conf import settings

from bench import letter
from bench.context import Bench
from bench.rig import crew
from bench.rig.laps import Contestant


def run(bench: Bench) -> None:
    for processes in (1, 2):
        contestant = bench.enter(
            Contestant(
                key(processes), title(processes), "forgets everything: it is unknown who got it"
            )
        )
        for number in bench.repeats():
            messages = bench.options.messages // 2 * processes
            lap = crew.lap_of("bench.measures.bare_loop", processes, messages, bench.directory)
            contestant.laps.append(lap)
            bench.say(f"{contestant.name}, lap {number}: {lap.per_second:,.0f}/s")


def key(processes: int) -> str:
    return f"bare{processes}"


def title(processes: int) -> str:
    return f"bare Django loop, {processes} process{'es' if processes > 1 else ''}"


def main(port: int, first: int, count: int) -> None:
    settings.configure(EMAIL_HOST="127.0.0.1", EMAIL_PORT=port)
    django.setup()
    letter.letter()
    letter.open_connection()
    crew.when_told(lambda: send(first, count))


def send(first: int, count: int) -> None:
    for number in range(first, first + count):
        letter.send(letter.address(number), letter.variables(number))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
