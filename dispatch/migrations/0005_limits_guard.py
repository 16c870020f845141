"""The limits of a service change by one verb only, which has its Pace row follow them."""

from django.db import migrations

# The verb says in its transaction that it is at work. Nothing that is sent fires these: only who sets a service up
# writes its row.
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

CREATE TRIGGER emailservice_limits_insert AFTER INSERT ON dispatch_emailservice
    FOR EACH ROW EXECUTE FUNCTION dispatch_limits_guard();
CREATE TRIGGER emailservice_limits_update AFTER UPDATE ON dispatch_emailservice
    FOR EACH ROW
    WHEN ((OLD.sending_interval, OLD.burst, OLD.daily_quota, OLD.quota_reset_time, OLD.quota_time_zone)
          IS DISTINCT FROM
          (NEW.sending_interval, NEW.burst, NEW.daily_quota, NEW.quota_reset_time, NEW.quota_time_zone))
    EXECUTE FUNCTION dispatch_limits_guard();
"""

DROP_GUARD = """
DROP TRIGGER emailservice_limits_insert ON dispatch_emailservice;
DROP TRIGGER emailservice_limits_update ON dispatch_emailservice;
DROP FUNCTION dispatch_limits_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0004_groups")]
    operations = [migrations.RunSQL(GUARD, DROP_GUARD)]
