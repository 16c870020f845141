"""System checks of the admin and of the database server. E002 and E010 run with every command; the
others need a connection, so they run with `check --database default` and before `migrate`,
`qcluster` and `run_local`.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib import admin
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

from admin_kit.base import SafeAdmin
from edm_project import sessions

OLDEST_VERSION = 15
BEFORE_THE_RELEASE = ("campaigns", "0002_initial")
"""A migration that every database made before the first release has applied, and no other."""


@register(Tags.admin)
def check_admins(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"The admin of {model._meta.label} is not built on SafeAdmin: its list can be filtered "
            "by every column of the table, and so tells what it does not show.",
            hint="Derive it from admin_kit.base.SafeAdmin, or register the model anew.",
            obj=type(registered),
            id="edm.E010",
        )
        for model, registered in admin.site._registry.items()
        if not isinstance(registered, SafeAdmin)
    ]


@register(Tags.compatibility)
def check_vendor(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"The database {alias!r} is {connections[alias].display_name}, not PostgreSQL.",
            hint="Set DATABASE_URL to postgres://user:password@host:5432/name.",
            id="edm.E002",
        )
        for alias in connections
        if connections[alias].vendor != "postgresql"
    ]


@register(Tags.database)
def check_version(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if connection.vendor == "postgresql":
            errors += version_errors(alias, connection.get_database_version())
            errors += encoding_errors(alias, _encoding(alias))
    return errors


@register(Tags.database)
def check_release(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """One of the former migrations is also named `0001_initial`: `migrate` would continue
    half-way."""
    return [
        Error(
            f"The database {alias!r} was made before the first release and cannot be brought up to "
            "date; nothing in it was changed.",
            hint="In development run `make clean`, which deletes the embedded database, and "
            "`make run`. Else point DATABASE_URL to an empty database and run `manage.py migrate`.",
            id="edm.E014",
        )
        for alias in databases or ()
        if connections[alias].vendor == "postgresql"
        and BEFORE_THE_RELEASE in MigrationRecorder(connections[alias]).applied_migrations()
    ]


@register(Tags.database)
def check_sessions(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    return [
        Error(sessions.SHARED, hint=sessions.SHARED_HINT, id="edm.E013")
        for alias in databases or ()
        if connections[alias].vendor == "postgresql" and sessions.is_shared(connections[alias])
    ]


def _encoding(alias: str) -> str:
    with connections[alias].cursor() as cursor:
        cursor.execute("SHOW server_encoding")
        return str(cursor.fetchone()[0])


def encoding_errors(alias: str, encoding: str) -> list[CheckMessage]:
    if encoding == "UTF8":
        return []
    return [
        Error(
            f"The database {alias!r} is encoded as {encoding}, not as UTF8: names and texts of "
            "many languages cannot be stored, and an import or a launch would stop half-way.",
            hint="Create a database with CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8', "
            "bring the data over with pg_dump and pg_restore, and point DATABASE_URL to it.",
            id="edm.E012",
        )
    ]


def version_errors(alias: str, version: tuple[int, ...]) -> list[CheckMessage]:
    if version >= (OLDEST_VERSION,):
        return []
    return [
        Error(
            f"The database {alias!r} is PostgreSQL {'.'.join(map(str, version))}; "
            f"{OLDEST_VERSION} or later is needed.",
            hint="Upgrade the server, or point DATABASE_URL to a newer one.",
            id="edm.E001",
        )
    ]
