"""Storage parameters: the event inbox is vacuumed early, as each event is written twice; small
tables with many updates have room for HOT updates, and one of them is unlogged."""

from django.db import migrations

from campaigns.db.storage import store

FEW_ROWS = (
    "tracking_eventtally",
    "tracking_linktally",
    "tracking_repeat",
    "tracking_rejectedrequests",
)
UNLOGGED = "ALTER TABLE tracking_allowance SET UNLOGGED"
LOGGED = "ALTER TABLE tracking_allowance SET LOGGED"


class Migration(migrations.Migration):
    dependencies = [("tracking", "0001_initial")]
    operations = [
        store(
            "tracking_event",
            autovacuum_vacuum_scale_factor=0.02,
            autovacuum_vacuum_cost_delay=0,
            autovacuum_analyze_scale_factor=0.02,
        ),
        *(
            store(
                table,
                fillfactor=50,
                autovacuum_vacuum_scale_factor=0.0,
                autovacuum_vacuum_threshold=500,
            )
            for table in FEW_ROWS
        ),
        migrations.RunSQL(UNLOGGED, LOGGED),
        store(
            "tracking_allowance",
            fillfactor=50,
            autovacuum_vacuum_scale_factor=0.0,
            autovacuum_vacuum_threshold=5000,
        ),
    ]
