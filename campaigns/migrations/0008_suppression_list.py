"""Erased addresses on the suppression list, and who may export it, or export and erase an address."""

from typing import Any

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

GROUPS = {
    "campaign manager": ("export_suppression",),
    "operator": ("export_suppression", "export_address", "erase_address"),
}


def let_groups(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    _create_permissions(apps, alias)
    permissions = apps.get_model("auth", "Permission").objects.using(alias)
    for name, codenames in GROUPS.items():
        group, _ = apps.get_model("auth", "Group").objects.using(alias).get_or_create(name=name)
        for codename in codenames:
            group.permissions.add(
                permissions.get(content_type__app_label="campaigns", codename=codename)
            )


def _create_permissions(apps: Apps, alias: str) -> None:
    """Django makes them after all migrations; the groups need them now."""
    config: Any = apps.get_app_config("campaigns")
    config.models_module = True  # a historical app has none, and would be passed over
    create_permissions(config, apps=apps, using=alias, verbosity=0)
    config.models_module = None


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0007_tracking"), ("dispatch", "0003_groups")]

    operations = [
        migrations.AlterModelOptions(
            name="suppression",
            options={
                "permissions": [
                    ("export_suppression", "Can export the suppression list"),
                    ("export_address", "Can export everything about an address"),
                    ("erase_address", "Can erase an address"),
                ]
            },
        ),
        migrations.AlterField(
            model_name="suppression",
            name="reason",
            field=models.CharField(
                choices=[
                    ("unsubscribed", "Unsubscribed"),
                    ("hard_bounce", "Hard bounce"),
                    ("soft_bounces", "Soft bounces in a row"),
                    ("complaint", "Complaint"),
                    ("manual", "Added by staff"),
                    ("erased", "Erased at the person's wish"),
                ],
                default="manual",
                max_length=20,
            ),
        ),
        migrations.AddIndex(
            model_name="suppression",
            index=models.Index(
                models.F("id"), condition=models.Q(("reason", "erased")), name="suppression_erased"
            ),
        ),
        migrations.RunPython(let_groups, migrations.RunPython.noop),
    ]
