"""Indexes for the lists that staff look at: their pages must not depend on how large the tables are."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0004_lists"),
        ("dispatch", "0003_groups"),
    ]

    operations = [
        migrations.AlterField(
            model_name="attempt",
            name="subtask",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="campaigns.subtask",
            ),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(
                models.F("outcome"),
                models.F("id"),
                condition=models.Q(("outcome", "accepted"), _negated=True),
                name="attempt_not_accepted",
            ),
        ),
    ]
