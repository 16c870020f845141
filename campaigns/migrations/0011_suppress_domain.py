"""Suppressing a whole domain takes a permission of its own, which operators have."""

from typing import Any

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def let_operators(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    _create_permissions(apps, alias)
    permissions = apps.get_model("auth", "Permission").objects.using(alias)
    groups = apps.get_model("auth", "Group").objects.using(alias)
    group, _ = groups.get_or_create(name="operator")
    group.permissions.add(
        permissions.get(content_type__app_label="campaigns", codename="suppress_domain")
    )


def _create_permissions(apps: Apps, alias: str) -> None:
    """Django makes them after all migrations; the group needs it now."""
    config: Any = apps.get_app_config("campaigns")
    config.models_module = True  # a historical app has none, and would be passed over
    create_permissions(config, apps=apps, using=alias, verbosity=0)
    config.models_module = None


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0010_background_jobs"), ("dispatch", "0003_groups")]
    operations = [
        migrations.AlterModelOptions(
            name="suppression",
            options={
                "permissions": [
                    ("export_suppression", "Can export the suppression list"),
                    ("suppress_domain", "Can suppress whole domains"),
                    ("export_address", "Can export everything about an address"),
                    ("erase_address", "Can erase an address"),
                ]
            },
        ),
        migrations.RunPython(let_operators, migrations.RunPython.noop),
    ]
