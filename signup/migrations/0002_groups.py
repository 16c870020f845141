"""What the groups of `campaigns` may do with sign-up forms."""

from django.db import migrations

from campaigns.db.group_permissions import let_groups

VIEW = ["view_signupform", "view_signup"]
WORK = ["add_signupform", "change_signupform", "delete_signupform"]
GROUPS = {
    "campaign manager": [*VIEW, *WORK],
    "operator": [*VIEW, *WORK],
    "viewer": VIEW,
}


class Migration(migrations.Migration):
    dependencies = [("signup", "0001_initial"), ("campaigns", "0004_groups")]
    operations = [let_groups("signup", GROUPS)]
