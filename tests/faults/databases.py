"""A fresh database for every scenario, and a server of its own for those that restart it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import environ
import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from edm_project import postgres_programs
from edm_project.embedded_postgres import EmbeddedPostgres
from tests.faults.programs import manage

PLAIN_BACKEND = "django.db.backends.postgresql"
"""Never the one that starts a server by itself: a scenario that stops it wants it stopped."""


class Server:
    """The PostgreSQL server of the settings. Names begin with the test database's, so that two runs do not meet."""

    prefix = f"{settings.DATABASES['default']['TEST']['NAME']}_faults"

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
            session.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]


class OwnServer:
    """A PostgreSQL server that a scenario may treat badly."""

    def __init__(self, home: Path) -> None:
        self._server = EmbeddedPostgres(home)
        self._server.use()
        self.url = self._server.url()
        manage("migrate", "--verbosity=0", url=self.url)

    def restart_at_once(self) -> None:
        """Drop everybody and recover from the log, as after a power cut; returns when it answers again."""
        arguments = (f"--pgdata={self._server.data}", f"--log={self._server.data / 'server.log'}")
        postgres_programs.run(
            self._server.home, "pg_ctl", "restart", *arguments, "--mode=immediate", "--wait"
        )

    def remove(self) -> None:
        self._server.remove()


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
