"""PostgreSQL behind PgBouncer: in session mode all works as without it, in others nothing starts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection

from tests.faults.conftest import ScenarioReport, scenario_at
from tests.faults.databases import OwnServer
from tests.faults.harness import Scenario
from tests.faults.pgbouncer import pgbouncer
from tests.faults.programs import environment

SERVER = "127.0.5.32"
IN_FORCE = {
    "statement_timeout": "30s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    # PostgreSQL asks its socket for these.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server that is reached by TCP, as one on another host is."""
    server = OwnServer(tmp_path_factory.mktemp("behind") / "postgres")
    server.listen(SERVER, f"{SERVER}/8")
    yield server.url_at(SERVER)
    server.remove()


@pytest.fixture
def session_url(behind: str, tmp_path: Path) -> Iterator[str]:
    with pgbouncer(behind, "session", tmp_path) as url:
        yield url


@pytest.fixture
def through_sessions(
    session_url: str, tmp_path: Path, django_db_blocker: object
) -> Iterator[Scenario]:
    yield from scenario_at(session_url, tmp_path, django_db_blocker)


def shown() -> dict[str, str]:
    with connection.cursor() as cursor:
        found = {}
        for name in IN_FORCE:
            cursor.execute(f"SHOW {name}")
            found[name] = cursor.fetchone()[0]
        return found


def test_every_limit_is_in_force_in_a_new_session_and_in_one_that_is_used_again(
    through_sessions: Scenario,
) -> None:
    assert shown() == IN_FORCE
    connection.close()
    assert shown() == IN_FORCE


@pytest.mark.parametrize(
    ("limit", "statement", "told"),
    [
        ("lock_timeout", "SELECT count(*) FROM auth_user", "lock timeout"),
        ("statement_timeout", "SELECT pg_sleep(20)", "statement timeout"),
    ],
)
def test_what_takes_longer_than_its_limit_is_ended(
    through_sessions: Scenario, limit: str, statement: str, told: str
) -> None:
    connection.close()
    connection.settings_dict["SESSION"] = {limit: "200ms"}
    with psycopg.connect(through_sessions.url) as other:
        other.execute("LOCK TABLE auth_user")
        with pytest.raises(OperationalError, match=told), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_campaign_is_sent_once_to_each(
    through_sessions: Scenario, report: ScenarioReport
) -> None:
    smtp = through_sessions.smtp()
    through_sessions.service(smtp, sending_interval="0.01", max_connections=4)
    task = through_sessions.campaign(300)
    through_sessions.start_clusters(2)
    through_sessions.launch(task)

    found = through_sessions.finish(task)
    report(through_sessions, "12 PgBouncer, session mode", found)


@pytest.mark.parametrize("mode", ["transaction", "statement"])
@pytest.mark.parametrize("command", ["check --database default", "migrate", "qcluster"])
def test_a_pool_that_shares_sessions_is_refused(
    behind: str, tmp_path: Path, mode: str, command: str
) -> None:
    with pgbouncer(behind, mode, tmp_path) as url:
        done = subprocess.run(
            [sys.executable, "manage.py", *command.split()],
            cwd=settings.BASE_DIR,
            env=environment(url),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode != 0
    assert "edm.E013" in done.stderr
    assert "pool_mode = session" in done.stderr
    assert "Traceback" not in done.stderr
