"""The ledger is cleaned up early, as each event is written twice; staff may look at it."""

from typing import Any

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

STORAGE = """
ALTER TABLE tracking_event SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE tracking_eventtally SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0,
    autovacuum_vacuum_threshold = 500);
"""
PLAIN_STORAGE = """
ALTER TABLE tracking_event RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay,
    autovacuum_analyze_scale_factor);
ALTER TABLE tracking_eventtally RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
"""
GROUPS = ("campaign manager", "operator", "viewer")


def let_groups_look(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    _create_permissions(apps, alias)
    permissions = apps.get_model("auth", "Permission").objects.using(alias)
    for name in GROUPS:
        group, _ = apps.get_model("auth", "Group").objects.using(alias).get_or_create(name=name)
        for codename in ("view_event", "view_refusal"):
            group.permissions.add(
                permissions.get(content_type__app_label="tracking", codename=codename)
            )


def _create_permissions(apps: Apps, alias: str) -> None:
    """Django makes them after all migrations; the groups need them now."""
    config: Any = apps.get_app_config("tracking")
    config.models_module = True  # a historical app has none, and would be passed over
    create_permissions(config, apps=apps, using=alias, verbosity=0)
    config.models_module = None


class Migration(migrations.Migration):
    dependencies = [("tracking", "0001_initial"), ("dispatch", "0003_groups")]
    operations = [
        migrations.RunSQL(STORAGE, PLAIN_STORAGE),
        migrations.RunPython(let_groups_look, migrations.RunPython.noop),
    ]
