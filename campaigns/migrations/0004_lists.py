"""Indexes for the lists that staff look at: their pages must not depend on how large the tables are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0003_tallies_and_storage"),
        ("dispatch", "0003_groups"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="subtask",
            index=models.Index(models.F("task"), models.F("id"), name="subtask_of_task"),
        ),
        migrations.AddIndex(
            model_name="subtask",
            index=models.Index(
                models.F("status"),
                models.F("id"),
                condition=models.Q(
                    ("status__in", ("delivered", "bounced", "opened", "clicked", "failed"))
                ),
                name="subtask_ended",
            ),
        ),
        migrations.AddIndex(
            model_name="subtask",
            index=models.Index(
                models.F("failure_reason"),
                models.F("id"),
                condition=models.Q(("failure_reason", ""), _negated=True),
                name="subtask_reason",
            ),
        ),
    ]
