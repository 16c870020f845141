"""How many messages of a campaign are in which state, for the planner: else it takes each state to
be as frequent in each campaign as it is in all."""

from __future__ import annotations

from django.db import migrations

MAKE = "CREATE STATISTICS subtask_task_status (mcv) ON task_id, status FROM campaigns_subtask"
DROP = "DROP STATISTICS subtask_task_status"


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0040_retry_in_the_cluster")]
    operations = [migrations.RunSQL(MAKE, DROP)]
