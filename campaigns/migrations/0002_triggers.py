"""Triggers that keep the tallies, for every write to the SubTask table."""

from django.db import migrations

# One row per changed group and statement: writers append, they never wait for each other.
TALLIES = """
CREATE FUNCTION campaigns_subtask_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO campaigns_tally (task_id, status, in_doubt, failure_reason, count)
    SELECT task_id, status, in_doubt_since IS NOT NULL, failure_reason, count(*)
    FROM new_rows GROUP BY 1, 2, 3, 4;
    RETURN NULL;
END $$;

CREATE FUNCTION campaigns_subtask_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO campaigns_tally (task_id, status, in_doubt, failure_reason, count)
    SELECT task_id, status, in_doubt, failure_reason, sum(n) FROM (
        SELECT task_id, status, in_doubt_since IS NOT NULL AS in_doubt, failure_reason, 1 AS n FROM new_rows
        UNION ALL
        SELECT task_id, status, in_doubt_since IS NOT NULL, failure_reason, -1 FROM old_rows
    ) AS changes
    GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0;
    RETURN NULL;
END $$;

CREATE FUNCTION campaigns_subtask_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO campaigns_tally (task_id, status, in_doubt, failure_reason, count)
    SELECT task_id, status, in_doubt_since IS NOT NULL, failure_reason, -count(*)
    FROM old_rows GROUP BY 1, 2, 3, 4;
    RETURN NULL;
END $$;

CREATE TRIGGER subtask_tally_insert AFTER INSERT ON campaigns_subtask
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION campaigns_subtask_inserted();
CREATE TRIGGER subtask_tally_update AFTER UPDATE ON campaigns_subtask
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION campaigns_subtask_updated();
CREATE TRIGGER subtask_tally_delete AFTER DELETE ON campaigns_subtask
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION campaigns_subtask_deleted();
"""

DROP_TALLIES = """
DROP TRIGGER subtask_tally_insert ON campaigns_subtask;
DROP TRIGGER subtask_tally_update ON campaigns_subtask;
DROP TRIGGER subtask_tally_delete ON campaigns_subtask;
DROP FUNCTION campaigns_subtask_inserted();
DROP FUNCTION campaigns_subtask_updated();
DROP FUNCTION campaigns_subtask_deleted();
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial")]
    operations = [migrations.RunSQL(TALLIES, DROP_TALLIES)]
