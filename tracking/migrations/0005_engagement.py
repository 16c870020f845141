"""Write what applied events say of people's engagement, for events of before it was kept."""

from django.db import migrations

# As tracking.events.engagement does for each event that is applied.
FILL = """
WITH told AS (
    SELECT s.task_id, s.recipient_email, e.source = 'click' AND e.detail <> 'the hidden link' AS is_link, e.url,
           e.kind IN ('opened', 'clicked') AND e.actor = 'machine' AS is_machine,
           coalesce(e.last_at, e.received_at) AS at,
           CASE e.kind WHEN 'delivered' THEN 2 WHEN 'opened' THEN 3 WHEN 'clicked' THEN 4
                WHEN 'unsubscribed' THEN 6 WHEN 'complained' THEN 7 ELSE 5 END AS kind
    FROM tracking_event e JOIN campaigns_subtask s ON s.id = e.subtask_id
    WHERE e.state = 'applied' AND e.kind IN ('delivered', 'opened', 'clicked', 'soft_bounced', 'hard_bounced',
                                             'rejected', 'unsubscribed', 'complained')
      AND s.recipient_email NOT LIKE '%@erased.invalid'
), facts AS (
    SELECT task_id, kind, is_machine, recipient_email, '' AS link, at FROM told
    UNION ALL
    SELECT task_id, kind, is_machine, recipient_email, url, at FROM told
    WHERE kind = 4 AND is_link AND url <> ''
)
INSERT INTO campaigns_engagement (task_id, kind, is_machine, address_key, link, owner_id, at)
SELECT f.task_id, f.kind, f.is_machine, ('x' || left(md5(f.recipient_email), 16))::bit(64)::bigint,
       CASE WHEN f.link = '' THEN 0 ELSE ('x' || left(md5(f.link), 16))::bit(64)::bigint END,
       t.owner_id, max(f.at)
FROM facts f JOIN campaigns_task t ON t.id = f.task_id
GROUP BY 1, 2, 3, 4, 5, 6
ON CONFLICT (task_id, kind, is_machine, address_key, link) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0004_preferences"),
        ("campaigns", "0011_engagement_triggers"),
    ]
    operations = [
        # Of a big database this takes longer than a request may.
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
