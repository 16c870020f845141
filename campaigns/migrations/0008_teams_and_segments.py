"""What the initial staff groups may do with teams and segments."""

from django.db import migrations

from campaigns.db.group_permissions import let_groups

VERBS = ("view", "add", "change", "delete")
TEAMS = {"operator": [f"{verb}_team" for verb in VERBS], "viewer": ["view_team"]}
SEGMENTS = {
    "campaign manager": [f"{verb}_segment" for verb in VERBS],
    "operator": ["view_segment"],
    "viewer": ["view_segment"],
}


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0007_engagement"),
        ("access", "0001_initial"),
    ]
    operations = [let_groups("access", TEAMS), let_groups("campaigns", SEGMENTS)]
