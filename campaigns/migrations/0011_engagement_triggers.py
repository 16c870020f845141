"""Triggers that keep what is known of sent messages, for every write to the SubTask table."""

from django.db import migrations

KEY = "('x' || left(md5({address}), 16))::bit(64)::bigint"
FACT = (
    "{row}.task_id, 1, false, "
    + KEY.format(address="{row}.recipient_email")
    + ", 0, t.owner_id, {row}.sent_at"
)
INTO = "INSERT INTO campaigns_engagement AS e (task_id, kind, is_machine, address_key, link, owner_id, at)"
KNOWN = "ON CONFLICT (task_id, kind, is_machine, address_key, link) DO UPDATE SET at = excluded.at"

# Most statements change no row that was sent, or make none: they cost a look at the changed rows.
SENT = f"""
CREATE FUNCTION campaigns_subtask_sent_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM new_rows WHERE sent_at IS NOT NULL) THEN
        {INTO}
        SELECT {FACT.format(row="n")}
        FROM new_rows n JOIN campaigns_task t ON t.id = n.task_id WHERE n.sent_at IS NOT NULL
        {KNOWN};
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION campaigns_subtask_sent_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM new_rows WHERE sent_at IS NOT NULL
                   UNION ALL SELECT FROM old_rows WHERE sent_at IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM old_rows WHERE sent_at IS NOT NULL) THEN
        DELETE FROM campaigns_engagement e USING old_rows o LEFT JOIN new_rows n ON n.id = o.id
        WHERE o.sent_at IS NOT NULL AND (n.sent_at IS NULL OR n.recipient_email <> o.recipient_email
                                         OR n.task_id <> o.task_id)
          AND e.task_id = o.task_id AND e.kind = 1 AND NOT e.is_machine AND e.link = 0
          AND e.address_key = {KEY.format(address="o.recipient_email")};
    END IF;
    {INTO}
    SELECT {FACT.format(row="n")}
    FROM new_rows n JOIN old_rows o ON o.id = n.id JOIN campaigns_task t ON t.id = n.task_id
    WHERE n.sent_at IS NOT NULL
      AND (n.sent_at, n.recipient_email, n.task_id)
          IS DISTINCT FROM (o.sent_at, o.recipient_email, o.task_id)
    {KNOWN};
    RETURN NULL;
END $$;

CREATE FUNCTION campaigns_subtask_sent_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM old_rows WHERE sent_at IS NOT NULL) THEN
        DELETE FROM campaigns_engagement e USING old_rows o
        WHERE o.sent_at IS NOT NULL
          AND e.task_id = o.task_id AND e.address_key = {KEY.format(address="o.recipient_email")};
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION campaigns_task_owner_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE campaigns_engagement SET owner_id = NEW.owner_id WHERE task_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER subtask_sent_insert AFTER INSERT ON campaigns_subtask
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION campaigns_subtask_sent_inserted();
CREATE TRIGGER subtask_sent_update AFTER UPDATE ON campaigns_subtask
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION campaigns_subtask_sent_updated();
CREATE TRIGGER subtask_sent_delete AFTER DELETE ON campaigns_subtask
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION campaigns_subtask_sent_deleted();
CREATE TRIGGER task_owner AFTER UPDATE OF owner_id ON campaigns_task
    FOR EACH ROW WHEN (OLD.owner_id <> NEW.owner_id)
    EXECUTE FUNCTION campaigns_task_owner_changed();
"""

DROP_SENT = """
DROP TRIGGER subtask_sent_insert ON campaigns_subtask;
DROP TRIGGER subtask_sent_update ON campaigns_subtask;
DROP TRIGGER subtask_sent_delete ON campaigns_subtask;
DROP TRIGGER task_owner ON campaigns_task;
DROP FUNCTION campaigns_subtask_sent_inserted();
DROP FUNCTION campaigns_subtask_sent_updated();
DROP FUNCTION campaigns_subtask_sent_deleted();
DROP FUNCTION campaigns_task_owner_changed();
"""

# What was sent before.
FILL = f"""
{INTO} SELECT {FACT.format(row="s")}
FROM campaigns_subtask s JOIN campaigns_task t ON t.id = s.task_id WHERE s.sent_at IS NOT NULL
{KNOWN}
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0010_imported")]
    operations = [
        # Of a big database this takes longer than a request may.
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL(SENT, DROP_SENT),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
