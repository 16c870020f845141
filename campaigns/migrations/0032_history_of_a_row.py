"""What was done to a row: WHERE content_type_id = … AND object_id = … ORDER BY action_time DESC. The
table is Django's own, and has no index for it."""

from django.db import migrations

INDEX = """
CREATE INDEX IF NOT EXISTS history_of_a_row
ON django_admin_log (content_type_id, object_id, action_time)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("campaigns", "0031_search_blocks"),
    ]
    operations = [migrations.RunSQL(INDEX, "DROP INDEX IF EXISTS history_of_a_row")]
