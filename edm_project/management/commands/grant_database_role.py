"""Grant a PostgreSQL role the rights to run the site, and no more: manage.py grant_database_role
NAME

Run it as the role that migrates, after each `migrate`. It may be repeated at any time.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

STATEMENTS = (
    "REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
    "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
    # Imports are staged in temporary tables.
    "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role}",
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
)


class Command(BaseCommand):
    help = "Gives a role of PostgreSQL what the site needs of the database, and nothing more."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", help="the user in DATABASE_URL of web and clusters")

    def handle(self, *args: Any, **options: Any) -> None:
        role: str = options["role"]
        with transaction.atomic(), connection.cursor() as cursor:
            _refuse_unless_separate(cursor, role)
            cursor.execute("SELECT current_schema(), current_database()")
            schema, database = cursor.fetchone()
            names = {"role": role, "schema": schema, "database": database}
            quoted = {name: sql.Identifier(value) for name, value in names.items()}
            for statement in STATEMENTS:
                cursor.execute(sql.SQL(statement).format(**quoted))
        self.stdout.write(f"{role} may read and write the rows of {database}, and nothing more.")


def _refuse_unless_separate(cursor: CursorWrapper, role: str) -> None:
    """An owner of tables, or a superuser, cannot be restricted."""
    cursor.execute(
        "SELECT rolsuper, pg_has_role(oid, current_user, 'MEMBER') FROM pg_roles"
        " WHERE rolname = %s",
        [role],
    )
    found = cursor.fetchone()
    if found is None:
        raise CommandError(f"There is no role {role!r}. Make it: CREATE ROLE … LOGIN PASSWORD '…'")
    if any(found):
        raise CommandError(
            f"{role} is a superuser, or may act as the role that migrates: it needs no grants, "
            "and could change everything. Make another one for web and clusters."
        )
