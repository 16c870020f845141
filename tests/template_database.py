"""One migrated database, of which the database of each test process is a copy.

The migrations take half a minute, a copy takes a moment. The template is named by what went into
it, so a changed migration makes a new one.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

PROJECT = Path(settings.BASE_DIR)
APPS = (
    "access", "campaigns", "dispatch", "edm_project", "notices", "privacy", "signin", "signup", "tracking",
)  # fmt: skip
BEGINNING = "edm_template_"


def name() -> str:
    """By the migrations, what they share, the models, and the libraries that have some."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(_sources()):
        digest.update(f"{path.relative_to(PROJECT)}\n".encode() + path.read_bytes())
    return f"{BEGINNING}{digest.hexdigest()[:16]}"


def _sources() -> Iterator[Path]:
    for app in APPS:
        for folder in ("migrations", "models", "db"):
            yield from (PROJECT / app / folder).rglob("*.py")
        yield from (PROJECT / app).glob("*.py")
    yield from PROJECT.glob("requirements*.txt")


def make() -> str:
    """The name of the template, which is made if it is not there. Processes that want it at once
    take turns.
    """
    made = name()
    creation: Any = connection.creation
    with connection._nodb_cursor() as cursor:  # private to Django, which makes test databases by it
        cursor.execute("SET lock_timeout = 0; SET statement_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [BEGINNING])
        cursor.execute("SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database")
        known = dict(cursor.fetchall())
        if known.get(made) != "complete":
            with _settings_of(made):
                creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
                connection.close()
            cursor.execute(f"COMMENT ON DATABASE {made} IS 'complete'")
            for old in known:
                if old.startswith(BEGINNING) and old != made:
                    cursor.execute(f"DROP DATABASE IF EXISTS {old}")
    return made


@contextmanager
def _settings_of(database: str) -> Iterator[None]:
    before = connection.settings_dict["NAME"], connection.settings_dict["TEST"]
    connection.settings_dict["TEST"] = {**before[1], "NAME": database}
    usual = settings.DATABASES["default"]["NAME"]
    try:
        yield
    finally:
        connection.settings_dict["NAME"], connection.settings_dict["TEST"] = before
        settings.DATABASES["default"]["NAME"] = usual
