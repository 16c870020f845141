"""When campaigns were expected to be done."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0027_launch_conditions"),
        ("dispatch", "0006_seed_lists"),
    ]

    operations = [
        migrations.CreateModel(
            name="EndEstimate",
            fields=[
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="campaigns.task",
                    ),
                ),
                (
                    "made_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("expected_at", models.DateTimeField(null=True)),
                ("latest_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
