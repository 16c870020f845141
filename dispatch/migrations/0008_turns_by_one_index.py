"""A service's turns are found by the unique index alone: beside another, the planner took the wrong one."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dispatch", "0007_heartbeats_in_place"),
    ]

    operations = [
        migrations.AlterField(
            model_name="turn",
            name="service",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="dispatch.emailservice",
            ),
        ),
    ]
