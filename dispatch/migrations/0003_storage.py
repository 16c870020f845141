"""The rows that every tick rewrites stay on their page: room for HOT updates, and early cleaning."""

from django.db import migrations

from campaigns.db.storage import store

TABLES = ("dispatch_pace", "dispatch_turn", "dispatch_dispatcher", "dispatch_connectionshare")


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0002_attempts")]
    operations = [
        store(
            table,
            fillfactor=50,
            autovacuum_vacuum_scale_factor=0.0,
            autovacuum_vacuum_threshold=500,
            autovacuum_vacuum_cost_delay=0,
        )
        for table in TABLES
    ]
