"""The PostgreSQL server of the benchmarks, embedded or that of DATABASE_URL, with a fresh database
for every run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import urlsplit

import psutil
import psycopg
from psycopg import sql

from bench.rig.programs import BASE
from embedded_postgres.server import EmbeddedPostgres

PREFIX = "edm_bench"
SHOWN = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size")


class Server:
    """Runs, with no database of ours, within the block; removed after it when it is our own."""

    def __init__(self) -> None:
        self._given = os.environ.get("DATABASE_URL", "")
        self._own = EmbeddedPostgres(BASE / "var" / "bench" / "postgres")

    def __enter__(self) -> Self:
        if not self._given:
            self._own.remove()  # what a run that was killed left behind
            self._own.use()
        self.drop_all()
        return self

    def __exit__(self, *_: object) -> None:
        if self._given:
            self.drop_all()
        else:
            self._own.remove()

    def url(self, database: str = "postgres") -> str:
        if self._given:
            return urlsplit(self._given)._replace(path=f"/{database}").geturl()
        return self._own.url(database)

    @contextmanager
    def fresh(self, name: str, template: str = "template1") -> Iterator[str]:
        """A database by its URL; dropped afterwards, even with open connections."""
        full = self.name(name)
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", full)
        self._execute("CREATE DATABASE {} TEMPLATE {}", full, template)
        try:
            yield self.url(full)
        finally:
            self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", full)

    def name(self, name: str) -> str:
        return f"{PREFIX}_{name}"

    def drop_all(self) -> None:
        for name in self.rows("SELECT datname FROM pg_database WHERE datname ^@ %s", PREFIX + "_"):
            self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name[0])

    def checkpoint(self) -> None:
        """So that no run pays for what the one before it has written."""
        self._execute("CHECKPOINT")

    def settings(self) -> dict[str, str]:
        """Its version, and the settings that decide what a commit costs."""
        return {name: str(self.rows(f"SHOW {name}")[0][0]) for name in ("server_version", *SHOWN)}

    def pids(self) -> list[int]:
        """Its main process; empty when it runs elsewhere."""
        with psycopg.connect(self.url()) as session:
            try:
                parent = psutil.Process(session.info.backend_pid).parent()
            except psutil.NoSuchProcess:
                return []
            return [parent.pid] if parent and parent.name() == "postgres" else []

    def rows(self, statement: str, *values: object, database: str = "postgres") -> list[Any]:
        with psycopg.connect(self.url(database), autocommit=True) as session:
            return session.execute(statement, values).fetchall()

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as session:
            session.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
