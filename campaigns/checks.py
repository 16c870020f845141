"""System check: the statuses in the code match the enum type in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from campaigns.db.enum_field import DatabaseEnumField

LABELS_SQL = """
SELECT e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
WHERE t.typname = %s AND pg_type_is_visible(t.oid) ORDER BY e.enumsortorder
"""


@register(Tags.database)
def check_enum_labels(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Compare each enum type's labels with the choices of the fields that use it (`check --database
    default`).
    """
    fields = {
        (field.type_name, tuple(field.labels)): field
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, DatabaseEnumField)
    }
    return [
        message
        for alias in databases or ()
        if connections[alias].vendor == "postgresql"
        for field in fields.values()
        for message in _compare(alias, field)
    ]


def _compare(alias: str, field: DatabaseEnumField) -> list[CheckMessage]:
    with connections[alias].cursor() as cursor:
        cursor.execute(LABELS_SQL, [field.type_name])
        in_database = [label for (label,) in cursor.fetchall()]
    if not in_database:
        return []  # not migrated yet
    problems = []
    if missing := sorted(set(field.labels) - set(in_database)):
        problems.append(f"the database lacks {', '.join(missing)}")
    if extra := sorted(set(in_database) - set(field.labels)):
        problems.append(f"the code does not know {', '.join(extra)}")
    if not problems:
        return []
    return [
        Error(
            f"The enum type “{field.type_name}” and the statuses in the code differ: "
            f"{'; '.join(problems)}.",
            hint="Point SUBTASK_STATUS_TYPE at the right type, or alter the type "
            "(ALTER TYPE … ADD VALUE) before sending anything.",
            id="campaigns.E001",
        )
    ]
