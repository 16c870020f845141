"""Every service has a Pace row, and one verb changes its limits, so that the row follows them."""

from django.db import migrations

# No other limits were ever granted by: those of a new service are settled from the start, since a lease (10 s) ago.
PACE = """
CREATE FUNCTION dispatch_make_pace() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO dispatch_pace (service_id, limits_changed_at, next_send_at, quota_used,
                               needs_person, freeze_reason, failures_in_row, freezes_in_row)
    VALUES (NEW.id, statement_timestamp() - interval '10 seconds',
            statement_timestamp(), 0, false, '', 0, 0);
    RETURN NULL;
END $$;

CREATE TRIGGER emailservice_pace AFTER INSERT ON dispatch_emailservice
    FOR EACH ROW EXECUTE FUNCTION dispatch_make_pace();
"""

DROP_PACE = """
DROP TRIGGER emailservice_pace ON dispatch_emailservice;
DROP FUNCTION dispatch_make_pace();
"""

# The verb says in its transaction that it is at work. Nothing that is sent fires this: only who sets a service up
# changes its limits.
GUARD = """
CREATE FUNCTION dispatch_limits_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('dispatch.saving_service', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'the limits of an email service change by dispatch.pace.services.save only'
            USING ERRCODE = 'integrity_constraint_violation',
                  HINT = 'Its Pace row has to follow them, under its lock.';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER emailservice_limits_update AFTER UPDATE ON dispatch_emailservice
    FOR EACH ROW
    WHEN ((OLD.sending_interval, OLD.burst, OLD.daily_quota, OLD.quota_reset_time, OLD.quota_time_zone)
          IS DISTINCT FROM
          (NEW.sending_interval, NEW.burst, NEW.daily_quota, NEW.quota_reset_time, NEW.quota_time_zone))
    EXECUTE FUNCTION dispatch_limits_guard();
"""

DROP_GUARD = """
DROP TRIGGER emailservice_limits_update ON dispatch_emailservice;
DROP FUNCTION dispatch_limits_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0004_groups")]
    operations = [migrations.RunSQL(PACE, DROP_PACE), migrations.RunSQL(GUARD, DROP_GUARD)]
