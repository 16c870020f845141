"""A model field backed by a real PostgreSQL enum type."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class DatabaseEnumField(models.CharField):  # type: ignore[type-arg]  # generic only in the stubs
    """A choice stored as a PostgreSQL enum.

    `type_setting` names the Django setting that holds the name of the type, so that the type of an
    existing database can be used as it is. The labels come from `choices`; `campaigns.checks`
    compares them with the type in the database.
    """

    def __init__(self, *args: Any, type_setting: str, **kwargs: Any) -> None:
        self.type_setting = type_setting
        super().__init__(*args, **kwargs)

    @property
    def type_name(self) -> str:
        name: str = getattr(settings, self.type_setting)
        return name

    @property
    def labels(self) -> list[str]:
        return [str(value) for value, _ in self.flatchoices]

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return connection.ops.quote_name(self.type_name)

    def cast_db_type(self, connection: BaseDatabaseWrapper) -> str:
        return self.db_type(connection)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, list(args), {**kwargs, "type_setting": self.type_setting}
