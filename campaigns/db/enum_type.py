"""A migration operation that creates a PostgreSQL enum type."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class CreateEnumType(Operation):
    """Create the enum type named by a setting, unless the database has a type of that name: that
    one is used as it is.

    Its labels are compared with the code by `manage.py check --database default`, not here.
    """

    reversible = True

    def __init__(self, type_setting: str, labels: Sequence[str]) -> None:
        self.type_setting = type_setting
        self.labels = labels

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The type is not part of the models' state."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        name = getattr(settings, self.type_setting)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_type WHERE typname = %s AND pg_type_is_visible(oid)", [name]
            )
            if cursor.fetchone() is None:
                labels = ", ".join(f"'{label}'" for label in self.labels)
                cursor.execute(f"CREATE TYPE {schema_editor.quote_name(name)} AS ENUM ({labels})")

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """The type stays: the database may have had it before."""

    def describe(self) -> str:
        return f"Create the enum type named by {self.type_setting}"
