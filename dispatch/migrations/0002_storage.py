"""The rows that every tick rewrites stay on their page: room for HOT updates, and early cleaning."""

from django.db import migrations

TABLES = ("dispatch_pace", "dispatch_turn", "dispatch_dispatcher", "dispatch_connectionshare")


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0001_initial")]
    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {table} SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0, "
            "autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0)",
            f"ALTER TABLE {table} RESET (fillfactor, autovacuum_vacuum_scale_factor, "
            "autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay)",
        )
        for table in TABLES
    ]
