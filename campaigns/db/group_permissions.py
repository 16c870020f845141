"""A migration operation that gives permissions to the initial staff groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython


def let_groups(app_label: str, groups: Mapping[str, Collection[str]]) -> RunPython:
    """Give each group, by its name, permissions of one app, by their code names. A group that is
    missing is made; what else was given to one of that name stays. Backwards, all of it stays.
    """

    def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        alias = schema_editor.connection.alias
        _create_permissions(apps, app_label, alias)
        permissions = apps.get_model("auth", "Permission").objects.using(alias)
        of_app = permissions.filter(content_type__app_label=app_label)
        for name, codenames in groups.items():
            group, _ = apps.get_model("auth", "Group").objects.using(alias).get_or_create(name=name)
            group.permissions.add(*(of_app.get(codename=codename) for codename in codenames))

    return RunPython(give, RunPython.noop)


def _create_permissions(apps: Apps, app_label: str, alias: str) -> None:
    """Django creates permissions after all migrations; the groups need them now."""
    config: Any = apps.get_app_config(app_label)
    config.models_module = True  # a historical app has none, and would be passed over
    create_permissions(config, apps=apps, using=alias, verbosity=0)
    config.models_module = None
