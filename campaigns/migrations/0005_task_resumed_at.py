"""When a paused task went on: since then it may wait for its turn."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0004_lists"),
    ]

    operations = [
        migrations.AddField(
            model_name="task",
            name="resumed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
