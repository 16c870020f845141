"""A task's SubTasks are listed in the order of their unique key: the index has no query left."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0005_task_resumed_at"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="subtask",
            name="subtask_of_task",
        ),
    ]
