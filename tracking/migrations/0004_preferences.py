"""Events of recipients who choose what to get."""

from django.db import migrations, models

from tracking.event_kinds import EventKind


class Migration(migrations.Migration):
    dependencies = [("tracking", "0003_groups")]
    operations = [
        migrations.AlterField(
            model_name=model,
            name="kind",
            field=models.CharField(choices=EventKind.choices, max_length=15),
        )
        for model in ("event", "eventtally")
    ]
