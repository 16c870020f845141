"""Permissions to see work, to export, and to change attributes."""

from django.db import migrations

from campaigns.db.group_permissions import let_groups

GROUPS = {
    "campaign manager": [
        "view_operation",
        "export_contact",
        "view_attribute",
        "add_attribute",
        "change_attribute",
        "delete_attribute",
    ],
    "operator": ["view_operation", "view_attribute"],
    "viewer": ["view_operation", "view_attribute"],
}


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0005_audience")]
    operations = [
        migrations.AlterModelOptions(
            name="contact",
            options={
                "permissions": [
                    ("import_contact", "Can import contacts from a file"),
                    ("export_contact", "Can export contacts, messages and events to a file"),
                ]
            },
        ),
        migrations.AlterModelOptions(
            name="operation",
            options={
                "ordering": ["-id"],
                "verbose_name": "piece of work",
                "verbose_name_plural": "work",
            },
        ),
        let_groups("campaigns", GROUPS),
    ]
