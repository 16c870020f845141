"""A fresh database for every scenario, and a server of its own for those that restart it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import environ
import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from embedded_postgres import programs
from embedded_postgres.server import EmbeddedPostgres
from tests.faults.programs import manage

PLAIN_BACKEND = "django.db.backends.postgresql"
"""Never the one that starts a server by itself: a scenario that stops it wants it stopped."""


class Server:
    """The PostgreSQL server of the settings. Names begin with the test database's and end with the
    process of the tests, so that neither two runs nor two processes of one meet.
    """

    prefix = (
        f"{settings.DATABASES['default']['TEST']['NAME']}_faults"
        f"{os.environ.get('PYTEST_XDIST_WORKER', '')}"
    )

    def __init__(self) -> None:
        if not os.environ.get("DATABASE_URL"):
            self._embedded = EmbeddedPostgres(settings.DATABASES["default"]["EMBEDDED_HOME"])
            self._embedded.use()
        self.template = f"{self.prefix}_template"
        self._create(self.template)
        manage("migrate", "--verbosity=0", url=self.url(self.template))

    def url(self, database: str) -> str:
        if given := os.environ.get("DATABASE_URL"):
            return urlsplit(given)._replace(path=f"/{database}").geturl()
        return self._embedded.url(database)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """A migrated, empty database, by its URL; dropped afterwards, whoever is still connected."""
        self._create(self.prefix, self.template)
        try:
            yield self.url(self.prefix)
        finally:
            self._drop(self.prefix)

    def close(self) -> None:
        self._drop(self.template)

    def _create(self, name: str, template: str = "template1") -> None:
        self._drop(name)
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)

    def _drop(self, name: str) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as session:
            session.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class OwnServer:
    """A PostgreSQL server that a scenario may treat badly."""

    def __init__(self, home: Path) -> None:
        self._server = EmbeddedPostgres(home)
        self._server.use()
        self.url = self._server.url()
        self._options = shlex.join(_options(self._server.data))
        manage("migrate", "--verbosity=0", url=self.url)

    def restart_at_once(self) -> None:
        """Drop everybody and recover from the log, as after a power cut; returns when it answers again."""
        self._pg_ctl("restart", "--mode=immediate")

    def stop_at_once(self) -> None:
        self._pg_ctl("stop", "--mode=immediate")

    def start_again(self) -> None:
        self._pg_ctl("start", f"--options={self._options}")

    def set(self, **values: str) -> None:
        """Change settings of the server, for which it restarts."""
        with psycopg.connect(self.url, autocommit=True) as session:
            for name, value in values.items():
                statement = sql.SQL("ALTER SYSTEM SET {} = {}")
                session.execute(statement.format(sql.Identifier(name), sql.Literal(value)))
        self._options = shlex.join(
            [
                option
                for option in shlex.split(self._options)
                if option.removeprefix("--").partition("=")[0] not in values
            ]
        )
        self.stop_at_once()
        self.start_again()

    def listen(self, address: str, network: str) -> None:
        """Serve that network too, at this address."""
        with (self._server.data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network} trust\n")
        self.set(listen_addresses=address)

    def url_at(self, address: str) -> str:
        return f"postgres://{self._server.user}@{address}:5432/{self._server.database}"

    def remove(self) -> None:
        self._server.remove()

    def _pg_ctl(self, verb: str, *arguments: str) -> None:
        data = self._server.data
        files = (f"--pgdata={data}", f"--log={data / 'server.log'}")
        programs.run(self._server.home, "pg_ctl", verb, *files, *arguments, "--wait")


def _options(data: Path) -> list[str]:
    """The settings that the server was started with, each as --name=value."""
    words = shlex.split((data / "postmaster.opts").read_text())
    return [f"--{word}" for flag, word in zip(words, words[1:], strict=False) if flag == "-c"]


@contextmanager
def django_uses(url: str) -> Iterator[None]:
    """Let this process work in the database at `url`."""
    before = connections.settings["default"]
    connections["default"].close()
    del connections["default"]
    connections.settings["default"] = {
        **before,
        **environ.Env.db_url_config(url),
        "ENGINE": PLAIN_BACKEND,
    }
    try:
        yield
    finally:
        connections["default"].close()
        del connections["default"]
        connections.settings["default"] = before
