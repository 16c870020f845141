"""Addresses that staff send tests to."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from campaigns.db.group_permissions import let_groups

VIEW = ["view_seedlist"]
GROUPS = {
    "campaign manager": [*VIEW, "add_seedlist", "change_seedlist", "delete_seedlist"],
    "operator": VIEW,
    "viewer": VIEW,
}


class Migration(migrations.Migration):
    dependencies = [
        ("dispatch", "0005_triggers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SeedList",
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
                (
                    "addresses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=254),
                        help_text="One on each line, 20 at most.",
                        size=20,
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
                        name="seed_list_once",
                        violation_error_message="There is a seed list of this name already.",
                    )
                ],
            },
        ),
        let_groups("dispatch", GROUPS),
    ]
