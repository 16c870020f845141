"""One benchmark that fails does not take the others down, and is shown as failed."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import create_autospec

import pytest

from bench import suite
from bench.context import Bench
from bench.measures import speed
from bench.options import NAMES, Options
from bench.report import Table
from bench.rig.databases import Server
from bench.rig.laps import SMTP, Contestant, Lap
from bench.rig.programs import Failure


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Options(), create_autospec(Server), tmp_path)


@pytest.mark.parametrize(
    ("error", "told"),
    [(Failure("it did not start"), "it did not start"), (KeyError("x"), "KeyError: 'x'")],
)
def test_a_benchmark_that_fails_is_told_of(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    def fail(bench: Bench) -> None:
        raise error

    monkeypatch.setitem(suite.BENCHMARKS, "bare", fail)

    assert suite.attempt(bench, "bare") == told


def test_every_benchmark_has_a_name_to_choose_it_by() -> None:
    assert set(suite.BENCHMARKS) == set(NAMES)


def test_speed_is_told_as_a_ratio_to_the_bare_loop(bench: Bench) -> None:
    for key, name, rates in (
        ("bare2", "bare", (900, 1_000, 1_300)),
        ("product2", "EDM Dispatch", (2_000, 2_100, 2_600)),
        ("celery", "Celery", (500,)),
    ):
        laps = [Lap(100, rate, 3_000, {SMTP: 0.01}) for rate in rates]
        bench.enter(Contestant(key, name, "", laps))

    told = [(line.what, line.reached, line.kept) for line in speed.headlines_of(bench)]

    assert told == [("against the bare", "2.10 ×", True), ("against Celery", "4.20 ×", True)]


def test_an_alternative_that_is_not_installed_is_shown_as_such(bench: Bench) -> None:
    bench.enter(Contestant("celery", "Celery", "mailed again", failure="not installed"))

    [row] = speed.table_of(bench).rows

    assert (row[0], row[1], row[-1]) == ("Celery", "not installed", "mailed again")


def test_tables_are_markdown_with_aligned_columns() -> None:
    table = Table("Speed", ["", "messages/s"], [["bare", "900"]])

    assert table.lines()[2:5] == [
        "|      | messages/s |",
        "| ---- | ---------: |",
        "| bare |        900 |",
    ]
