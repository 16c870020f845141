"""The command line's options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace

NAMES = (
    "ceiling", "bare", "dispatch", "post-office", "django-q2", "celery", "procrastinate",
    "claims", "import", "launch", "first", "campaign", "segments", "contacts", "pages",
)  # fmt: skip
"""The benchmarks, in the order in which they run."""


@dataclass(frozen=True, slots=True)
class Options:
    """The sizes of a run. The defaults take half an hour on two cores."""

    only: tuple[str, ...] = ()
    repeats: int = 3
    messages: int = 20_000
    alternative_messages: int = 10_000
    campaign: int = 200_000
    claims: tuple[int, ...] = (10_000, 1_000_000)
    rounds: int = 5
    launch: int = 1_000_000
    contacts: int = 200_000
    events: int = 2_000_000
    services: int = 4
    connections: int = 2
    minutes: float = 40.0
    results: str = ""


SINGLE: dict[str, tuple[type[int] | type[float] | type[str], str]] = {
    "repeats": (int, "the median of so many is told"),
    "messages": (int, "of the speed runs"),
    "alternative-messages": (int, "of those of the alternatives"),
    "campaign": (int, "recipients of the long run"),
    "rounds": (int, "of 5,000 claims each"),
    "launch": (int, "recipients of the launch, rows of the import"),
    "contacts": (int, "that segments choose from, and lists show"),
    "events": (int, "about the messages to them"),
    "services": (int, "email services of this project's runs"),
    "connections": (int, "most connections of each of them"),
    "minutes": (float, "what has not begun by then is left out"),
    "results": (str, "the file for the tables: bench/RESULTS.md, if everything is run"),
}
"""Options of one value, with what they are."""

QUICK = Options(
    repeats=1,
    messages=2_000,
    alternative_messages=1_000,
    campaign=5_000,
    claims=(10_000,),
    rounds=1,
    launch=50_000,
    contacts=5_000,
    events=50_000,
    minutes=10.0,
)
FULL = Options(
    alternative_messages=20_000,
    campaign=1_000_000,
    claims=(10_000, 1_000_000, 10_000_000),
    contacts=1_000_000,
    events=14_000_000,  # of ten million messages
    minutes=180.0,
)


def read(arguments: Sequence[str]) -> Options:
    """The options on a command line. Exits on a mistake."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    base = QUICK if chosen.quick else FULL if chosen.full else Options()
    given = {
        name: value
        for name, value in vars(chosen).items()
        if value is not None and name not in ("quick", "full", "only", "claims")
    }
    options = replace(base, **given)
    if chosen.claims:
        options = replace(options, claims=tuple(map(int, chosen.claims.split(","))))
    if chosen.only:
        options = replace(options, only=tuple(chosen.only.split(",")))
        if unknown := set(options.only) - set(NAMES):
            parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    if not options.results:
        # Only a whole run replaces the published figures.
        whole = not (chosen.quick or chosen.only)
        name = "bench/RESULTS.md" if whole else "bench/results/latest.md"
        options = replace(options, results=name)
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench BENCH_ARGS=…", description=__doc__)
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="tiny sizes: to see that it runs")
    sizes.add_argument("--full", action="store_true", help="the big sizes too: takes hours")
    parser.add_argument("--only", help=f"some of these, by commas: {','.join(NAMES)}")
    parser.add_argument("--claims", help="SubTasks to claim from: sizes by commas")
    for name, (kind, what) in SINGLE.items():
        parser.add_argument(f"--{name}", type=kind, help=what)
    return parser
