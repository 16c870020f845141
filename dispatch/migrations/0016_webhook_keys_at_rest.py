"""Webhook keys are kept as a digest, to be found by, and encrypted, to be shown."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import dispatch.models.service
from dispatch.encryption import decrypt, encrypt


def hide_keys(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    services = apps.get_model("dispatch", "EmailService").objects
    keys = services.values_list("pk", "webhook_key")  # type: ignore[misc]  # of that time
    for pk, key in keys:
        services.filter(pk=pk).update(
            webhook_key_digest=dispatch.models.service.webhook_key_digest(key),
            webhook_key_encrypted=encrypt({"key": key}),
        )


def show_keys(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    services = apps.get_model("dispatch", "EmailService").objects
    for pk, encrypted in services.values_list("pk", "webhook_key_encrypted"):
        services.filter(pk=pk).update(webhook_key=decrypt(encrypted)["key"])


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0015_winding_up")]

    operations = [
        migrations.AddField(
            model_name="emailservice",
            name="webhook_key_digest",
            field=models.CharField(max_length=64, null=True),
        ),
        migrations.AddField(
            model_name="emailservice",
            name="webhook_key_encrypted",
            field=models.TextField(
                default="",
                editable=False,
                help_text="The unguessable part of the address that the provider posts events to, "
                "to be shown again.",
            ),
            preserve_default=False,
        ),
        # So that the way back can add the column before it is filled.
        migrations.AlterField(
            model_name="emailservice",
            name="webhook_key",
            field=models.CharField(max_length=64, null=True, editable=False),
        ),
        migrations.RunPython(hide_keys, show_keys),
        migrations.AlterField(
            model_name="emailservice",
            name="webhook_key_digest",
            field=models.CharField(
                editable=False,
                help_text="By this the service is found when its provider posts an event.",
                max_length=64,
                unique=True,
            ),
        ),
        migrations.RemoveField(model_name="emailservice", name="webhook_key"),
    ]
