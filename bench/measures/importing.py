"""Importing contacts by the command: rows a second, memory, and what PostgreSQL alone needs to copy
the same rows."""

from __future__ import annotations

import random
import time
from pathlib import Path
from statistics import median

from django.contrib.auth import get_user_model
from django.db import connection

from bench import product, report
from bench.context import Bench
from bench.product_settings import environment
from bench.report import Headline, Table
from bench.rig.laps import POSTGRESQL, PYTHON
from bench.rig.metering import Meter
from bench.rig.programs import Failure, Program, python
from campaigns.models import Contact

MOST_SECONDS = 60.0
MOST_MEMORY = 150_000_000
LEAST_RATIO = 0.25
LONGEST_SECONDS = 1_800.0
COLUMNS = "email, first_name, last_name, city, ltv, last_order, tags"
CITIES = ("Bern", "Basel", "Zürich", "London", "Paris", "北京", "New York")
BARE = f"CREATE TABLE bare ({', '.join(f'{name} text' for name in COLUMNS.split(', '))})"
COPY = f"COPY bare ({COLUMNS}) FROM STDIN WITH (FORMAT csv, HEADER)"
LIKE = """
CREATE TABLE alike (LIKE campaigns_contact INCLUDING ALL);
CREATE TABLE alike_tags (LIKE campaigns_contact_tags INCLUDING ALL)
"""
COPIES = (
    ("campaigns_contact", "alike", "id, owner_id, email, name, attributes, imported_by_id"),
    ("campaigns_contact_tags", "alike_tags", "id, contact_id, tag_id"),
)


def run(bench: Bench) -> None:
    rows = bench.options.launch
    file = written(bench.directory / "contacts.csv", rows)
    seconds, memory, bare, alike = [], [], [], []
    for number in bench.repeats():
        with product.fresh_database(bench):
            get_user_model()._default_manager.create(username="importer")
            bare.append(copied(file))
            bench.server.checkpoint()
            took, most = imported(bench, file)
            if (made := Contact.objects.count()) != rows:
                raise Failure(f"The import of {rows:,} rows made {made:,} contacts.")
            alike.append(copied_alike(bench.directory))
        seconds.append(took)
        memory.append(most)
        bench.say(f"import, lap {number}: {took:.1f} s, bare COPY {bare[-1]:.1f} s")
    bench.keep("import", rows=rows, seconds=seconds, bare=bare, alike=alike, most_memory=memory)
    tell(bench, rows, median(seconds), median(bare), median(alike), max(memory))


def tell(bench: Bench, rows: int, took: float, bare: float, alike: float, memory: int) -> None:
    table = Table(
        "Import of contacts with five attributes and two tags",
        ["rows", "s", "rows/s", "bare COPY, s", "ratio", "COPY alike, s", "ratio", "memory"],
    )
    table.add(
        f"{rows:,}", f"{took:.1f}", report.count(rows / took), f"{bare:.1f}",
        f"{bare / took:.2f} ×", f"{alike:.1f}", f"{alike / took:.2f} ×", report.megabytes(memory),
    )  # fmt: skip
    table.notes.append(
        "bare COPY: of the file into a table of texts without an index. COPY alike: of the "
        "contacts and their tags into tables with the same columns, constraints and indexes, "
        "without the triggers that check references and write what the search reads. memory: the "
        "most of the command's process."
    )
    bench.tables.append(table)
    if rows >= 1_000_000:
        told = f"import of {rows:,} rows"
        bench.headlines += [
            Headline(told, f"{took:.1f} s", f"≤ {MOST_SECONDS:.0f} s", took <= MOST_SECONDS),
            Headline(
                f"{told} against a COPY into tables alike", f"{alike / took:.2f} ×",
                f"≥ {LEAST_RATIO} ×", alike / took >= LEAST_RATIO,
            ),
            Headline(
                f"most memory of the {told}", report.megabytes(memory), "≤ 150 MB",
                memory <= MOST_MEMORY,
            ),
        ]  # fmt: skip


def written(path: Path, rows: int) -> Path:
    dice = random.Random(7)
    with path.open("w") as file:
        file.write("email,first name,last name,city,ltv,last order,tags\n")
        for n in range(rows):
            file.write(
                f"person{n}@d{dice.randrange(3_000)}.example,Person,Number {n % 999},"
                f"{dice.choice(CITIES)},{dice.randrange(50_000) / 100},"
                f'2026-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02},"list {n % 7};all"\n'
            )
    return path


def imported(bench: Bench, file: Path) -> tuple[float, int]:
    """Seconds from the start of the process to its end, and the most bytes that it had."""
    command = python("manage.py", "import_contacts", str(file), "--owner=importer")
    began = time.monotonic()
    with (
        Program("import", command, environment(bench.database_url), bench.directory) as one,
        Meter({PYTHON: [one.process.pid], POSTGRESQL: bench.server.pids()}) as meter,
    ):
        meter.begin()
        one.wait(LONGEST_SECONDS)
        took = time.monotonic() - began
    return took, max(each.most for each in meter.memory.values() if each.role == PYTHON)


def copied(file: Path) -> float:
    with connection.cursor() as cursor:
        cursor.execute(BARE)
        began = time.monotonic()
        with file.open("rb") as source, cursor.copy(COPY) as copy:
            while block := source.read(1 << 20):
                copy.write(block)
        return time.monotonic() - began


def copied_alike(directory: Path) -> float:
    """What the import made, once more."""
    seconds = 0.0
    with connection.cursor() as cursor:
        cursor.execute(LIKE)
        for table, other, columns in COPIES:
            path = directory / f"{other}.copy"
            with path.open("wb") as file, cursor.copy(f"COPY {table} ({columns}) TO STDOUT") as out:
                file.writelines(bytes(block) for block in out)
            began = time.monotonic()
            with (
                path.open("rb") as source,
                cursor.copy(f"COPY {other} ({columns}) FROM STDIN") as to,
            ):
                while block := source.read(1 << 20):
                    to.write(block)
            seconds += time.monotonic() - began
    return seconds
