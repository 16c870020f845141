"""Blocks of messages that staff keep, and the work that makes messages anew in a new look."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from campaigns.db.group_permissions import let_groups

VIEW = ["view_savedblock"]
GROUPS = {
    "campaign manager": [*VIEW, "add_savedblock", "change_savedblock", "delete_savedblock"],
    "operator": VIEW,
    "viewer": VIEW,
}


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0019_images"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="operation",
            name="kind",
            field=models.CharField(
                choices=[
                    ("import", "Import"),
                    ("undo_import", "Undo of an import"),
                    ("export", "Export"),
                    ("change_contacts", "Change of contacts"),
                    ("convert_attribute", "Change of an attribute's type"),
                    ("renew_templates", "New look of templates"),
                ],
                max_length=30,
            ),
        ),
        migrations.CreateModel(
            name="SavedBlock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=100,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[^\\r\\n\\x00]*\\Z", "Enter one line of text."
                            )
                        ],
                    ),
                ),
                ("block", models.JSONField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("owner"),
                        django.db.models.functions.text.Lower("name"),
                        name="saved_block_name_unique_per_owner",
                        violation_error_message="There is a saved block with this name already.",
                    )
                ],
            },
        ),
        let_groups("campaigns", GROUPS),
    ]
