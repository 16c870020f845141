"""Since when the limits are as they are stands on the row that is locked for every grant."""

import django.db.models.functions.datetime
from django.db import migrations, models

COPY = """
UPDATE dispatch_pace p SET limits_changed_at = e.limits_changed_at
FROM dispatch_emailservice e WHERE e.id = p.service_id
"""
COPY_BACK = """
UPDATE dispatch_emailservice e SET limits_changed_at = p.limits_changed_at
FROM dispatch_pace p WHERE p.service_id = e.id
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0004_lists")]
    operations = [
        migrations.AddField(
            model_name="pace",
            name="limits_changed_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                help_text="Since when the limits are as they are: who knows older ones may not grant by this row, and the audit judges what was sent since.",
            ),
        ),
        migrations.RunSQL(COPY, COPY_BACK),
        migrations.RemoveField(model_name="emailservice", name="limits_changed_at"),
    ]
