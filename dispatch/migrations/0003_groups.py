"""The groups that staff start with. Whatever else was given to a group of that name stays."""

from typing import Any

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

VIEW = [
    "campaigns.view_contact",
    "campaigns.view_tag",
    "campaigns.view_suppression",
    "campaigns.view_sender",
    "campaigns.view_template",
    "campaigns.view_task",
    "campaigns.view_tasktemplate",
    "campaigns.view_subtask",
    "dispatch.view_emailservice",
    "dispatch.view_attempt",
]
OWN_WORK = [
    f"campaigns.{verb}_{model}"
    for model in ("contact", "tag", "sender", "template", "task", "tasktemplate")
    for verb in ("add", "change", "delete")
]
GROUPS = {
    "campaign manager": [
        *VIEW,
        *OWN_WORK,
        "campaigns.import_contact",
        "campaigns.add_suppression",
        "campaigns.launch_task",
        "campaigns.control_task",
        "campaigns.retry_subtask",
        "campaigns.decide_subtask",
    ],
    "operator": [
        *VIEW,
        "campaigns.see_everything",
        "campaigns.add_suppression",
        "campaigns.change_suppression",
        "campaigns.delete_suppression",
        "campaigns.control_task",
        "campaigns.retry_subtask",
        "campaigns.decide_subtask",
        "dispatch.add_emailservice",
        "dispatch.change_emailservice",
        "dispatch.delete_emailservice",
        "dispatch.control_emailservice",
    ],
    "viewer": [*VIEW, "campaigns.see_everything"],
}


def create_groups(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    for label in ("campaigns", "dispatch"):
        _create_permissions(apps, label, alias)
    permissions = apps.get_model("auth", "Permission").objects.using(alias)
    for name, wanted in GROUPS.items():
        group, _ = apps.get_model("auth", "Group").objects.using(alias).get_or_create(name=name)
        for permission in wanted:
            label, codename = permission.split(".")
            group.permissions.add(permissions.get(content_type__app_label=label, codename=codename))


def _create_permissions(apps: Apps, label: str, alias: str) -> None:
    """Django makes them after all migrations; these groups need them now."""
    config: Any = apps.get_app_config(label)
    config.models_module = True  # a historical app has none, and would be passed over
    create_permissions(config, apps=apps, using=alias, verbosity=0)
    config.models_module = None


class Migration(migrations.Migration):
    dependencies = [
        ("dispatch", "0002_storage"),
        ("campaigns", "0003_tallies_and_storage"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(create_groups, migrations.RunPython.noop)]
