"""When things happened to an address, of all tasks in one row: segments read it."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from campaigns.db.storage import store

KEY = "owner_id, kind, is_machine, link, address_key"

# A time is put before the others when it is the newest, as that of a message just sent is. Sorted, so
# that concurrent writers wait for each other instead of deadlocking.
FOLLOW = f"""
CREATE FUNCTION campaigns_engagement_followed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM old_rows) THEN
            RETURN NULL;
        END IF;
        UPDATE campaigns_engagementtimes f SET times = ARRAY(
            SELECT t FROM (SELECT t, row_number() OVER (PARTITION BY t) AS nth
                           FROM unnest(f.times) AS t) AS numbered
            WHERE nth > (SELECT count(*) FROM unnest(g.gone) AS u WHERE u = t) ORDER BY t DESC)
        FROM (SELECT {KEY}, array_agg(at) AS gone FROM old_rows GROUP BY {KEY}) AS g
        WHERE (f.owner_id, f.kind, f.is_machine, f.link, f.address_key)
              = (g.owner_id, g.kind, g.is_machine, g.link, g.address_key);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO campaigns_engagementtimes AS f ({KEY}, times)
        SELECT {KEY}, array_agg(at ORDER BY at DESC) FROM new_rows GROUP BY {KEY} ORDER BY {KEY}
        ON CONFLICT ({KEY}) DO UPDATE SET times =
            CASE WHEN cardinality(f.times) = 0
                      OR excluded.times[cardinality(excluded.times)] >= f.times[1]
                 THEN excluded.times || f.times
                 ELSE ARRAY(SELECT t FROM unnest(excluded.times || f.times) AS t ORDER BY t DESC)
            END;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM campaigns_engagementtimes f USING old_rows o
        WHERE (f.owner_id, f.kind, f.is_machine, f.link, f.address_key)
              = (o.owner_id, o.kind, o.is_machine, o.link, o.address_key)
          AND f.times = '{{}}';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER engagement_times_insert AFTER INSERT ON campaigns_engagement
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION campaigns_engagement_followed();
CREATE TRIGGER engagement_times_update AFTER UPDATE ON campaigns_engagement
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION campaigns_engagement_followed();
CREATE TRIGGER engagement_times_delete AFTER DELETE ON campaigns_engagement
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION campaigns_engagement_followed();
"""
FOLLOW_NOT = """
DROP TRIGGER engagement_times_insert ON campaigns_engagement;
DROP TRIGGER engagement_times_update ON campaigns_engagement;
DROP TRIGGER engagement_times_delete ON campaigns_engagement;
DROP FUNCTION campaigns_engagement_followed();
"""

FILL = f"""
INSERT INTO campaigns_engagementtimes ({KEY}, times)
SELECT {KEY}, array_agg(at ORDER BY at DESC) FROM campaigns_engagement GROUP BY {KEY} ORDER BY {KEY}
"""

# So that the planner knows how many are of a kind, and how many of these happened lately or often.
STATISTICS = """
CREATE STATISTICS campaigns_engagementtimes_of (mcv, dependencies)
    ON owner_id, kind, is_machine, link FROM campaigns_engagementtimes;
CREATE STATISTICS campaigns_engagementtimes_last ON (times[1]) FROM campaigns_engagementtimes;
CREATE STATISTICS campaigns_engagementtimes_count ON cardinality(times)
    FROM campaigns_engagementtimes;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0020_saved_blocks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Of a big database this takes longer than a request may.
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="EngagementTimes",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "owner_id",
                        "kind",
                        "is_machine",
                        "link",
                        "address_key",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "kind",
                    models.SmallIntegerField(
                        choices=[
                            (1, "was sent"),
                            (2, "was delivered"),
                            (3, "opened"),
                            (4, "clicked"),
                            (5, "bounced"),
                            (6, "unsubscribed"),
                            (7, "reported as spam"),
                        ]
                    ),
                ),
                ("is_machine", models.BooleanField()),
                ("link", models.BigIntegerField()),
                ("address_key", models.BigIntegerField()),
                (
                    "times",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateTimeField(),
                        help_text="One for each task, newest first: the third says since when it happened thrice.",
                        size=None,
                    ),
                ),
            ],
        ),
        store("campaigns_engagementtimes", fillfactor=70, autovacuum_vacuum_scale_factor=0.05),
        migrations.RunSQL(STATISTICS, migrations.RunSQL.noop),
        migrations.RunSQL(FOLLOW, FOLLOW_NOT),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RemoveIndex(
            model_name="engagement",
            name="engagement_any",
        ),
        migrations.RemoveIndex(
            model_name="engagement",
            name="engagement_sent",
        ),
        migrations.RemoveIndex(
            model_name="engagement",
            name="engagement_link",
        ),
    ]
