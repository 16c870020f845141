"""Indexes for segments: sets in the order of the contacts that they are compared with."""

from django.conf import settings
from django.db import migrations, models

# The contacts of a tag in the order of their keys, as they are walked. Django's own index of the
# column finds no more.
OF_TAG = """
CREATE INDEX campaigns_contact_tags_of_tag ON campaigns_contact_tags (tag_id, contact_id);
DROP INDEX campaigns_contact_tags_tag_id_8f98b093;
"""
AS_IT_WAS = """
CREATE INDEX campaigns_contact_tags_tag_id_8f98b093 ON campaigns_contact_tags (tag_id);
DROP INDEX campaigns_contact_tags_of_tag;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0014_remembered_columns"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Of a big database this takes longer than a request may.
        migrations.RunSQL("SET LOCAL statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RemoveIndex(
            model_name="engagement",
            name="engagement_lately",
        ),
        migrations.RemoveIndex(
            model_name="engagement",
            name="engagement_link",
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                models.F("owner"), models.F("address_key"), name="contact_by_address"
            ),
        ),
        migrations.AddIndex(
            model_name="engagement",
            index=models.Index(
                models.F("owner"),
                models.F("kind"),
                models.F("is_machine"),
                models.F("address_key"),
                condition=models.Q(("link", 0), models.Q(("kind", 1), _negated=True)),
                include=("at",),
                name="engagement_any",
            ),
        ),
        migrations.AddIndex(
            model_name="engagement",
            index=models.Index(
                models.F("owner"),
                models.F("at"),
                condition=models.Q(("kind", 1)),
                include=("address_key",),
                name="engagement_sent",
            ),
        ),
        migrations.AddIndex(
            model_name="engagement",
            index=models.Index(
                models.F("owner"),
                models.F("link"),
                models.F("kind"),
                models.F("is_machine"),
                models.F("address_key"),
                condition=models.Q(("link", 0), _negated=True),
                include=("at",),
                name="engagement_link",
            ),
        ),
        migrations.RunSQL(OF_TAG, AS_IT_WAS),
    ]
