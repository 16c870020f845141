"""Run the chosen benchmarks one after the other; a failed one does not stop the others."""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict

from bench.alternatives import celery, django_q2, post_office, procrastinate
from bench.context import Bench
from bench.measures import (
    bare_loop,
    campaign,
    ceiling,
    claims,
    contacts,
    dispatching,
    first_hand_over,
    importing,
    launching,
    pages,
    segments,
    speed,
)
from bench.options import NAMES
from bench.product_settings import TEMPLATE, environment
from bench.report import Headline, Table
from bench.rig import machine
from bench.rig.programs import BASE, Failure, kill_all, python
from bench.rig.programs import run as run_program

BENCHMARKS: dict[str, Callable[[Bench], None]] = {
    "ceiling": ceiling.run,
    "bare": bare_loop.run,
    "dispatch": dispatching.run,
    "post-office": post_office.run,
    "django-q2": django_q2.run,
    "celery": celery.run,
    "procrastinate": procrastinate.run,
    "claims": claims.run,
    "import": importing.run,
    "launch": launching.run,
    "first": first_hand_over.run,
    "campaign": campaign.run,
    "segments": segments.run,
    "contacts": contacts.run,
    "pages": pages.run,
}


def run(bench: Bench) -> int:
    """Returns how many benchmarks failed."""
    head = [*machine.describe(), *(f"{k}: {v}." for k, v in bench.server.settings().items())]
    troubles = []
    with bench.server.fresh(TEMPLATE) as url:
        command = python("manage.py", "migrate", "--verbosity=0")
        run_program("migrate", command, environment(url), bench.directory)
        for name in bench.options.only or NAMES:
            if bench.is_late:
                troubles.append(f"{name}: not run, the time was up.")
            elif trouble := attempt(bench, name):
                troubles.append(f"{name}: {trouble}")
    write(bench, head, troubles)
    return len(troubles)


def attempt(bench: Bench, name: str) -> str:
    """Run one. Returns what went wrong."""
    print(name, file=sys.stderr, flush=True)
    began = time.monotonic()
    try:
        BENCHMARKS[name](bench)
    except Failure as failure:
        return told(str(failure))
    # The boundary between benchmarks: one that fails must not take the others down with it.
    except Exception as error:  # noqa: BLE001
        traceback.print_exc()
        return told(f"{type(error).__name__}: {error}")
    finally:
        kill_all()
        bench.say(f"{time.monotonic() - began:.0f} s")
    return ""


def told(trouble: str) -> str:
    print(f"  FAILED: {trouble}", file=sys.stderr, flush=True)
    return trouble


def write(bench: Bench, head: list[str], troubles: list[str]) -> None:
    """Print the tables and write them down, with the raw figures beside them."""
    lines = ["# Benchmarks", "", *(f"* {line}" for line in head), ""]
    lines += headline_table([*speed.headlines_of(bench), *bench.headlines]).lines()
    if troubles:
        shortly = [f"* {trouble.splitlines()[0]}" for trouble in troubles]
        lines += ["## What failed", "", *shortly, ""]
    if bench.contestants:
        lines += speed.table_of(bench).lines()
    for table in bench.tables:
        lines += table.lines()
    text = "\n".join(lines).rstrip() + "\n"
    print(text)
    results = BASE / bench.options.results
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text(text)
    raw = {
        "options": asdict(bench.options),
        "head": head,
        "troubles": troubles,
        "contestants": [asdict(contestant) for contestant in bench.contestants.values()],
        "figures": bench.raw,
    }
    directory = BASE / "bench" / "results"
    directory.mkdir(exist_ok=True)
    (directory / f"{time.strftime('%Y%m%d-%H%M%S')}.json").write_text(json.dumps(raw, indent=1))


def headline_table(headlines: list[Headline]) -> Table:
    table = Table("Ratios", ["", "reached", "promised", "kept"])
    for headline in headlines:
        table.add(*headline.cells())
    return table
