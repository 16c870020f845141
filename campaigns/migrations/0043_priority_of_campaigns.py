from django.db import migrations, models

from access.names import NamesOnly


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0042_public_pages"),
    ]

    operations = [
        NamesOnly(
            [
                migrations.AlterField(
                    model_name="task",
                    name="priority",
                    field=models.SmallIntegerField(
                        default=0,
                        help_text="Among campaigns of one owner, a higher number goes first.",
                        verbose_name="priority",
                    ),
                ),
            ]
        ),
    ]
