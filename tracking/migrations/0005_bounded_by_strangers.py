"""What requests of strangers leave behind no longer grows with their number."""

from django.db import migrations, models

# A refused request was a row of its own until it was folded.
FOLD = """
WITH taken AS (DELETE FROM tracking_refusal RETURNING day, endpoint, reason, count)
INSERT INTO tracking_refusal (day, endpoint, reason, shard, count)
SELECT day, endpoint, reason, 0, sum(count) FROM taken GROUP BY 1, 2, 3
"""
# Few rows that are written all the time, and one table that need not outlive a crash.
STORAGE = """
ALTER TABLE tracking_repeat SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0,
    autovacuum_vacuum_threshold = 500);
ALTER TABLE tracking_refusal SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0,
    autovacuum_vacuum_threshold = 500);
ALTER TABLE tracking_allowance SET UNLOGGED;
ALTER TABLE tracking_allowance SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0,
    autovacuum_vacuum_threshold = 5000);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0004_link_tally"),
    ]

    operations = [
        migrations.CreateModel(
            name="Allowance",
            fields=[
                ("bucket", models.IntegerField(primary_key=True, serialize=False)),
                ("since", models.DateTimeField()),
                ("used", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Repeat",
            fields=[
                ("event_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("times", models.PositiveIntegerField()),
                ("last_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="event",
            name="last_at",
            field=models.DateTimeField(
                help_text="When it came last, if more than once.", null=True
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="times",
            field=models.PositiveIntegerField(
                db_default=1, help_text="How often it came, where the same again is counted."
            ),
        ),
        migrations.AddField(
            model_name="refusal",
            name="shard",
            field=models.PositiveSmallIntegerField(db_default=0),
        ),
        migrations.RunSQL(FOLD, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="refusal",
            constraint=models.UniqueConstraint(
                models.F("day"),
                models.F("endpoint"),
                models.F("reason"),
                models.F("shard"),
                name="refusal_once",
            ),
        ),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
    ]
