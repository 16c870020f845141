"""The embedded server, used by real processes that come, go and are killed."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import LiteralString

import environ
import psycopg
import pytest

from embedded_postgres.address import PROJECT_DIRECTORY
from embedded_postgres.programs import make_home
from embedded_postgres.server import EmbeddedPostgres

USER = """
import sys
from pathlib import Path
from embedded_postgres.server import EmbeddedPostgres
EmbeddedPostgres(Path(sys.argv[1])).use()
print("ready", flush=True)
sys.stdin.read()
"""

FORKING_USER = USER.replace(
    "sys.stdin.read()",
    "import os\nif os.fork() == 0:\n    sys.stdin.read()\nelse:\n    os._exit(0)",
)

StartUser = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A stopped server with data as initdb made them, to be copied: initdb takes a while."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("initialised") / "postgres")
    subprocess.run(
        [sys.executable, "-c", USER, str(server.home)],
        cwd=PROJECT_DIRECTORY,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    wait_for_caretaker(server)
    yield server
    server.remove()


@pytest.fixture
def server(tmp_path: Path, initialised: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "postgres")
    make_home(server.home)
    subprocess.run(["cp", "-a", str(initialised.data), str(server.home)], check=True)
    yield server
    server.remove()


@pytest.fixture
def start_user() -> Iterator[StartUser]:
    """Starts a process that uses the server until its standard input is closed."""
    users: list[subprocess.Popen[str]] = []

    def start(server: EmbeddedPostgres, script: str = USER) -> "subprocess.Popen[str]":
        user = subprocess.Popen(
            [sys.executable, "-c", script, str(server.home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT_DIRECTORY,
        )
        users.append(user)
        return user

    yield start
    for user in users:
        leave(user)


def ready(user: "subprocess.Popen[str]") -> "subprocess.Popen[str]":
    assert user.stdout is not None
    assert user.stdout.readline() == "ready\n"
    return user


def leave(user: "subprocess.Popen[str]") -> None:
    user.communicate()


def kill(user: "subprocess.Popen[str]") -> None:
    user.kill()
    user.communicate()


def wait_for_caretaker(server: EmbeddedPostgres) -> None:
    """Returns when no caretaker is left: they end after they have stopped the server."""
    with open(server.home / "caretaker.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


def server_pid(server: EmbeddedPostgres) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def connect(server: EmbeddedPostgres) -> psycopg.Connection:
    return psycopg.connect(
        host=str(server.socket_directory), user=server.user, dbname=server.database
    )


def query(server: EmbeddedPostgres, sql: LiteralString) -> str:
    with connect(server) as connection:
        row = connection.execute(sql).fetchone()
    assert row is not None
    return str(row[0])


def kill_caretakers(server: EmbeddedPostgres) -> None:
    listed = subprocess.run(
        ["pgrep", "-f", f"take-care {server.home} "], capture_output=True, text=True
    )
    for pid in listed.stdout.split():
        os.kill(int(pid), signal.SIGKILL)
    wait_for_caretaker(server)


def test_the_server_runs_until_its_last_user_leaves(
    server: EmbeddedPostgres, start_user: StartUser
) -> None:
    first, second = ready(start_user(server)), ready(start_user(server))
    leave(first)
    assert query(server, "SELECT 1") == "1"
    leave(second)
    wait_for_caretaker(server)
    assert not server.is_running()


def test_processes_that_start_at_the_same_moment_share_one_new_server(
    server: EmbeddedPostgres, start_user: StartUser
) -> None:
    shutil.rmtree(server.data)
    users = [start_user(server) for _ in range(4)]
    for user in users:
        ready(user)
    assert query(server, "SELECT current_database()") == "edm"


def test_data_survive_a_stop(server: EmbeddedPostgres, start_user: StartUser) -> None:
    user = ready(start_user(server))
    with connect(server) as connection:
        connection.execute("CREATE TABLE kept (value) AS VALUES (7)")
    leave(user)
    wait_for_caretaker(server)
    ready(start_user(server))
    assert query(server, "SELECT value FROM kept") == "7"


def test_a_forked_child_keeps_the_server_when_its_parent_is_gone(
    server: EmbeddedPostgres, start_user: StartUser
) -> None:
    parent = ready(start_user(server, FORKING_USER))
    parent.wait()
    assert query(server, "SELECT 1") == "1"
    leave(parent)
    wait_for_caretaker(server)
    assert not server.is_running()


def test_the_server_stops_when_its_users_are_killed(
    server: EmbeddedPostgres, start_user: StartUser
) -> None:
    for user in [ready(start_user(server)), ready(start_user(server))]:
        kill(user)
    wait_for_caretaker(server)
    assert not server.is_running()


def test_the_server_starts_again_after_everything_was_killed(
    server: EmbeddedPostgres, start_user: StartUser
) -> None:
    user = ready(start_user(server))
    pid = server_pid(server)
    kill_caretakers(server)
    os.kill(pid, signal.SIGKILL)
    kill(user)
    ready(start_user(server))
    assert query(server, "SELECT 1") == "1"


def test_a_server_without_a_caretaker_gets_a_new_one(
    server: EmbeddedPostgres, start_user: StartUser
) -> None:
    first = ready(start_user(server))
    pid = server_pid(server)
    kill_caretakers(server)
    second = ready(start_user(server))
    assert server_pid(server) == pid
    leave(first)
    leave(second)
    wait_for_caretaker(server)
    assert not server.is_running()


def test_a_stopped_server_is_started_again_for_users_that_stayed(
    server: EmbeddedPostgres, start_user: StartUser
) -> None:
    ready(start_user(server))
    server.stop()
    server.start()
    assert query(server, "SELECT 1") == "1"


def test_a_server_whose_data_were_deleted_makes_way_for_a_new_one(
    server: EmbeddedPostgres, start_user: StartUser
) -> None:
    old_user = ready(start_user(server))
    old_pid = server_pid(server)
    while server.home.exists():  # the server may make a file in a directory just emptied
        shutil.rmtree(server.home, ignore_errors=True)
    new_user = ready(start_user(server))
    assert server_pid(server) != old_pid
    leave(old_user)
    assert query(server, "SELECT 1") == "1"
    leave(new_user)


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """Data in another directory than the checkout's, as root's are, before a server starts."""
    server = EmbeddedPostgres(tmp_path / "stand-in")
    server.wanted_home = tmp_path / "checkout" / "var" / "postgres"
    server.data.mkdir(parents=True)
    server.forget_deleted_checkout()
    yield server
    shutil.rmtree(server.home)


def test_data_stay_while_their_checkout_is_there(stand_in: EmbeddedPostgres) -> None:
    stand_in.forget_deleted_checkout()
    assert stand_in.data.exists()


def test_a_new_checkout_at_the_same_path_does_not_get_the_old_data(
    stand_in: EmbeddedPostgres,
) -> None:
    shutil.rmtree(stand_in.wanted_home)
    stand_in.forget_deleted_checkout()
    assert not stand_in.data.exists()


def test_a_new_checkout_keeps_its_own_data_then(stand_in: EmbeddedPostgres) -> None:
    shutil.rmtree(stand_in.wanted_home)
    stand_in.forget_deleted_checkout()
    stand_in.data.mkdir()
    stand_in.forget_deleted_checkout()
    assert stand_in.data.exists()


def test_the_project_may_lie_deep_below_the_root(tmp_path: Path, start_user: StartUser) -> None:
    server = EmbeddedPostgres(tmp_path / ("d" * 120) / ("e" * 120) / "postgres")
    try:
        ready(start_user(server))
        assert query(server, "SELECT 1") == "1"
    finally:
        server.remove()


def test_a_private_directory_above_the_data_stays_private(
    tmp_path: Path, start_user: StartUser
) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    server = EmbeddedPostgres(private / "var" / "postgres")
    try:
        ready(start_user(server))
        assert query(server, "SELECT 1") == "1"
        assert private.stat().st_mode & 0o777 == 0o700
    finally:
        server.remove()


def test_the_socket_is_closed_to_other_accounts(
    server: EmbeddedPostgres, start_user: StartUser
) -> None:
    ready(start_user(server))
    assert server.socket_directory.stat().st_mode & 0o777 == 0o700


def test_nothing_is_lost_by_a_power_cut(server: EmbeddedPostgres, start_user: StartUser) -> None:
    ready(start_user(server))
    assert query(server, "SELECT current_setting('fsync')") == "on"
    assert query(server, "SELECT current_setting('synchronous_commit')") == "on"


def test_the_url_leads_to_the_server(server: EmbeddedPostgres) -> None:
    settings = environ.Env.db_url_config(server.url("other"))
    assert settings["OPTIONS"]["host"] == str(server.socket_directory)
    assert (settings["USER"], settings["NAME"]) == ("postgres", "other")


def test_a_failed_start_says_why(server: EmbeddedPostgres, start_user: StartUser) -> None:
    leave(ready(start_user(server)))
    wait_for_caretaker(server)
    (server.data / "PG_VERSION").write_text("9.6\n")
    result = subprocess.run(
        [sys.executable, "-c", USER, str(server.home)],
        cwd=PROJECT_DIRECTORY,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert "EmbeddedPostgresError: pg_ctl failed" in result.stderr
    assert "9.6" in result.stderr


def test_commands_that_need_no_database_start_none() -> None:
    script = """
import os, sys
from embedded_postgres.server import EmbeddedPostgres
EmbeddedPostgres.use = lambda self: sys.exit("the database was started")
os.environ["DJANGO_SETTINGS_MODULE"] = "edm_project.settings"
import django
from django.core.management import call_command
django.setup()
call_command("check")
call_command("collectstatic", dry_run=True, interactive=False, verbosity=0)
"""
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT_DIRECTORY,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert result.returncode == 0, result.stderr
