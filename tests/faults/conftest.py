from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.databases import OwnServer, Server, django_uses
from tests.faults.evidence import Evidence
from tests.faults.harness import HEADER, LEGEND, Scenario

TABLE = "faults"
"""A property of each test that adds a line to the table: it comes along from other processes."""
TIMEOUT_SECONDS = 240
LINES_SHOWN = 40

ScenarioReport = Callable[..., None]


@pytest.fixture(scope="session")
def scale() -> int:
    """SubTasks of the large campaign."""
    return int(os.environ.get("FAULTS_SCALE", "10000"))


@pytest.fixture(scope="session")
def server(django_db_blocker: pytest.FixtureRequest) -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def scenario(
    server: Server, tmp_path: Path, django_db_blocker: pytest.FixtureRequest
) -> Iterator[Scenario]:
    """A scenario on a database of its own."""
    with server.fresh() as url:
        yield from scenario_at(url, tmp_path, django_db_blocker)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[OwnServer]:
    made = OwnServer(tmp_path / "postgres")
    yield made
    made.remove()


@pytest.fixture
def scenario_on_own_server(
    own_server: OwnServer, tmp_path: Path, django_db_blocker: pytest.FixtureRequest
) -> Iterator[Scenario]:
    """A scenario on a PostgreSQL server of its own."""
    yield from scenario_at(own_server.url, tmp_path, django_db_blocker)


def scenario_at(url: str, directory: Path, blocker: object) -> Iterator[Scenario]:
    with blocker.unblock(), django_uses(url):  # type: ignore[attr-defined]
        made = Scenario(url, directory)
        try:
            yield made
        finally:
            made.close()
            for cluster in made.clusters:  # pytest shows it if the test failed
                print(f"{cluster.log.name} ends:", *_last_lines(cluster.log), sep="\n")


def _last_lines(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()[-LINES_SHOWN:]


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> ScenarioReport:
    """Add a line to the table that is printed at the end."""

    def add(scenario: Scenario, name: str, found: Evidence, notes: str = "") -> None:
        record_property(TABLE, scenario.row(name, found, notes))

    return add


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = [
        str(value)
        for outcome in ("passed", "failed")
        for test in terminalreporter.getreports(outcome)
        for name, value in getattr(test, "user_properties", [])
        if name == TABLE
    ]
    if rows:
        terminalreporter.section("faults")
        for line in (HEADER, *sorted(set(rows)), LEGEND):
            terminalreporter.write_line(line)
