"""Storage parameters of the tables with many updates."""

from django.db import migrations

from campaigns.db.storage import store


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0002_triggers")]
    operations = [
        # A SubTask is rewritten about four times in a short life: leave room on its page, and clean
        # up early and at full speed.
        store(
            "campaigns_subtask",
            fillfactor=75,
            autovacuum_vacuum_scale_factor=0.01,
            autovacuum_vacuum_cost_delay=0,
            autovacuum_analyze_scale_factor=0.02,
        ),
        # Appended to by every statement, and folded away.
        store(
            "campaigns_tally",
            autovacuum_vacuum_scale_factor=0.0,
            autovacuum_vacuum_threshold=2000,
            autovacuum_vacuum_cost_delay=0,
        ),
    ]
