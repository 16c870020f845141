"""When PostgreSQL counts tables anew in which owners have rows of very different numbers."""

from django.db import migrations

from campaigns.db.storage import store


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0028_approvals")]
    operations = [
        # An owner or a tag that is new has few rows of them all, and is planned for as if it had
        # none until they are counted.
        store("campaigns_contact", autovacuum_analyze_scale_factor=0.01),
        store("campaigns_contact_tags", autovacuum_analyze_scale_factor=0.01),
        store("campaigns_engagement", autovacuum_analyze_scale_factor=0.02),
    ]
