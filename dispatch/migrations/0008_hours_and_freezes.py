"""What was sent and came back by the hour, and when services were frozen."""

import django.db.models.deletion
from django.db import migrations, models

# All writers of Pace rows are seen: dispatchers and staff. The condition alone costs each other write a comparison.
FREEZES = """
CREATE FUNCTION dispatch_note_freeze() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE dispatch_freeze SET ended_at = statement_timestamp()
    WHERE service_id = NEW.service_id AND ended_at IS NULL
      AND (needs_person OR until > statement_timestamp());
    IF NEW.needs_person OR NEW.frozen_until > statement_timestamp() THEN
        INSERT INTO dispatch_freeze (service_id, frozen_at, until, needs_person, reason)
        VALUES (NEW.service_id, statement_timestamp(), NEW.frozen_until, NEW.needs_person,
                NEW.freeze_reason);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER pace_freeze AFTER UPDATE ON dispatch_pace
    FOR EACH ROW
    WHEN ((OLD.frozen_until, OLD.needs_person, OLD.freeze_reason)
          IS DISTINCT FROM (NEW.frozen_until, NEW.needs_person, NEW.freeze_reason))
    EXECUTE FUNCTION dispatch_note_freeze();
"""

DROP_FREEZES = """
DROP TRIGGER pace_freeze ON dispatch_pace;
DROP FUNCTION dispatch_note_freeze();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("dispatch", "0007_end_estimates"),
    ]

    operations = [
        migrations.CreateModel(
            name="Freeze",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("frozen_at", models.DateTimeField()),
                (
                    "until",
                    models.DateTimeField(
                        help_text="As Pace has it: empty when staff froze it.", null=True
                    ),
                ),
                ("needs_person", models.BooleanField()),
                ("reason", models.TextField(blank=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="LastCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("services", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="ServiceHour",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("service_id", models.BigIntegerField()),
                ("hour", models.DateTimeField()),
                ("accepted", models.BigIntegerField(default=0)),
                ("deferred", models.BigIntegerField(default=0)),
                ("rejected", models.BigIntegerField(default=0)),
                ("service_error", models.BigIntegerField(default=0)),
                ("unknown", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="TaskCount",
            fields=[
                ("task_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("sent", models.BigIntegerField(default=0)),
                ("delivered", models.BigIntegerField(default=0)),
                ("bounced", models.BigIntegerField(default=0)),
                ("opened", models.BigIntegerField(default=0)),
                ("clicked", models.BigIntegerField(default=0)),
                (
                    "sent_per_minute",
                    models.FloatField(default=0, help_text="Between the last two counts."),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TaskHour",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("task_id", models.BigIntegerField()),
                ("hour", models.DateTimeField()),
                ("sent", models.BigIntegerField(default=0)),
                ("delivered", models.BigIntegerField(default=0)),
                ("bounced", models.BigIntegerField(default=0)),
                ("opened", models.BigIntegerField(default=0)),
                ("clicked", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name="endestimate",
            name="expected_lately",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="endestimate",
            name="latest_lately",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="endestimate",
            name="renewed_at",
            field=models.DateTimeField(help_text="Of what is expected lately.", null=True),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(
                models.F("service"),
                models.F("started_at"),
                condition=models.Q(("outcome", "accepted"), _negated=True),
                name="attempt_errors",
            ),
        ),
        migrations.AddField(
            model_name="freeze",
            name="service",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="dispatch.emailservice",
            ),
        ),
        migrations.AddConstraint(
            model_name="servicehour",
            constraint=models.UniqueConstraint(
                models.F("service_id"), models.F("hour"), name="service_hour_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="taskhour",
            constraint=models.UniqueConstraint(
                models.F("hour"), models.F("task_id"), name="task_hour_once"
            ),
        ),
        migrations.AddIndex(
            model_name="freeze",
            index=models.Index(models.F("service"), models.F("frozen_at"), name="freeze_service"),
        ),
        migrations.RunSQL(FREEZES, DROP_FREEZES),
    ]
