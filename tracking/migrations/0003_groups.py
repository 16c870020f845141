"""All groups of `campaigns` may view events."""

from django.db import migrations

from campaigns.db.group_permissions import let_groups

LOOK = ["view_event", "view_rejectedrequests"]
GROUPS = {"campaign manager": LOOK, "operator": LOOK, "viewer": LOOK}


class Migration(migrations.Migration):
    dependencies = [("tracking", "0002_storage"), ("campaigns", "0004_groups")]
    operations = [let_groups("tracking", GROUPS)]
