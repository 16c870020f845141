"""What the groups of `campaigns` may do with email services."""

from django.db import migrations

from campaigns.db.group_permissions import let_groups

VIEW = ["view_emailservice", "view_attempt"]
GROUPS = {
    "campaign manager": VIEW,
    "operator": [
        *VIEW,
        "add_emailservice",
        "change_emailservice",
        "delete_emailservice",
        "control_emailservice",
    ],
    "viewer": VIEW,
}


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0003_storage"), ("campaigns", "0004_groups")]
    operations = [let_groups("dispatch", GROUPS)]
