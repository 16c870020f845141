"""Webhook addresses, and what it takes to repeat a hand-over in doubt."""

from typing import Any

import django.db.models.functions.datetime
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import dispatch.models.service


def make_webhook_keys(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    services = apps.get_model("dispatch", "EmailService").objects
    without = services.filter(webhook_key=None)  # type: ignore[misc]  # of that time
    for pk in without.values_list("pk", flat=True):
        services.filter(pk=pk).update(webhook_key=dispatch.models.service.new_webhook_key())


WEBHOOK_KEY: dict[str, Any] = {
    "default": dispatch.models.service.new_webhook_key,
    "editable": False,
    "help_text": "The unguessable part of the address that the provider posts events to.",
    "max_length": 64,
}


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0010_domain_reports")]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="sending_at",
            field=models.DateTimeField(
                help_text="When the hand-over was first marked; repeats of one in doubt share it.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="emailservice",
            name="connection_changed_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                editable=False,
                help_text="Since when provider, account and domain are as they are: a hand-over in doubt is repeated only where it was made.",
            ),
        ),
        migrations.AddField(
            model_name="emailservice",
            name="webhook_key",
            field=models.CharField(**{**WEBHOOK_KEY, "default": None, "null": True}),
        ),
        migrations.RunPython(make_webhook_keys, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="emailservice",
            name="webhook_key",
            field=models.CharField(**WEBHOOK_KEY, unique=True),
        ),
    ]
