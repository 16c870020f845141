from django.db import migrations, models

RENAME = """
UPDATE campaigns_operation SET
    params = (params - 'choice') || jsonb_build_object('deed', params -> 'choice'),
    result = (result - 'decided') || jsonb_build_object('changed', coalesce(result -> 'decided', '0'))
WHERE kind = 'decide_doubts' AND params ? 'choice'
"""
RENAME_BACK = """
UPDATE campaigns_operation SET
    params = (params - 'deed') || jsonb_build_object('choice', params -> 'deed'),
    result = (result - 'changed') || jsonb_build_object('decided', coalesce(result -> 'changed', '0'))
WHERE kind = 'decide_doubts' AND params ? 'deed'
"""


class Migration(migrations.Migration):
    """Retries run in the cluster too, and decisions are kept as they are."""

    dependencies = [
        ("campaigns", "0036_more_names"),
    ]

    operations = [
        migrations.AlterField(
            model_name="operation",
            name="kind",
            field=models.CharField(
                choices=[
                    ("import", "Import"),
                    ("undo_import", "Undo of an import"),
                    ("export", "Export"),
                    ("change_contacts", "Change of contacts"),
                    ("convert_attribute", "Change of an attribute's type"),
                    ("decide_doubts", "Decision about messages in doubt"),
                    ("retry_failed", "Retry of failed messages"),
                    ("renew_templates", "New look of templates"),
                ],
                max_length=30,
                verbose_name="kind",
            ),
        ),
        migrations.RunSQL(RENAME, RENAME_BACK),
    ]
