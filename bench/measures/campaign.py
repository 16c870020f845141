"""The long run: speed over a large campaign, the memory of every process, and dead rows and bloat
in the tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from bench import report
from bench.context import Bench
from bench.measures import dispatching
from bench.measures.dispatching import AFTER_CRASH, TWO
from bench.report import Headline, Table
from bench.rig.laps import PYTHON, Contestant, Lap
from bench.rig.metering import Memory
from bench.table_health import Health, health
from dispatch.models import Dispatcher

LONG = 500_000
"""From here on one lap is enough."""
MOST_BYTES = 150e6
MOST_SHOWN = 8
"""Processes of one role in the table."""


def run(bench: Bench) -> None:
    recipients = bench.options.campaign
    name = f"{TWO.name}, {recipients:,} recipients"
    contestant = bench.enter(Contestant("campaign", name, AFTER_CRASH))
    for number in bench.repeats(1 if recipients >= LONG else None):
        with dispatching.launched(bench, TWO, recipients) as campaign:
            before = health()
            lap = campaign.send()
            after = health()
            dispatchers = set(Dispatcher.objects.values_list("pid", flat=True))
        contestant.laps.append(lap)
        bench.say(f"{name}, lap {number}: {lap.per_second:,.0f}/s")
    bench.keep("campaign", before=list(map(asdict, before)), after=list(map(asdict, after)))
    bench.tables.append(memory_table(recipients, lap, dispatchers))
    bench.tables.append(health_table(recipients, before, after))
    most = max(memory.most for memory in lap.memory.values() if memory.role == PYTHON)
    bench.headlines.append(
        Headline(
            f"most memory of a Python process over {recipients:,}",
            report.megabytes(most), "≤ 150 MB", most <= MOST_BYTES,
        )
    )  # fmt: skip


def memory_table(recipients: int, lap: Lap, dispatchers: set[int]) -> Table:
    table = Table(
        f"Memory over {recipients:,} recipients", ["process", "first", "least", "most", "last"]
    )
    table.notes.append("Sampled once a second; for PostgreSQL without its shared memory.")
    shown: Counter[str] = Counter()
    for memory in sorted(lap.memory.values(), key=lambda m: (m.role != PYTHON, m.role, -m.most)):
        shown[memory.role] += 1
        if shown[memory.role] <= MOST_SHOWN or memory.pid in dispatchers:
            sizes = (memory.first, memory.least, memory.most, memory.last)
            table.add(called(memory, dispatchers), *map(report.megabytes, sizes))
    for role, processes in shown.items():
        if processes > MOST_SHOWN:
            table.notes.append(f"{role}: {processes} processes, the smaller ones are left out.")
    return table


def called(memory: Memory, dispatchers: set[int]) -> str:
    if memory.pid in dispatchers:
        return f"dispatcher {memory.pid}"
    return f"{memory.role}, {memory.name} {memory.pid}"


def health_table(recipients: int, before: list[Health], after: list[Health]) -> Table:
    table = Table(
        f"Tables before and after sending {recipients:,}",
        ["table", "live", "dead", "updates", "HOT", "vacuums", "heap before", "after",
         "indexes before", "after", "free or dead"],
    )  # fmt: skip
    for old, new in zip(before, after, strict=True):
        updates, hot = new.updates - old.updates, new.hot_updates - old.hot_updates
        sizes = (old.heap_bytes, new.heap_bytes, old.index_bytes, new.index_bytes)
        table.add(
            new.table, f"{new.live:,}", f"{new.dead:,}", f"{updates:,}",
            f"{100 * hot / updates:.0f} %" if updates else "",
            str(new.vacuums - old.vacuums), *map(report.megabytes, sizes),
            "" if new.free_percent is None else f"{new.free_percent:.0f} %",
        )  # fmt: skip
    return table
