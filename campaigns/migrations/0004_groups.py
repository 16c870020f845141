"""The initial staff groups, and their permissions for campaigns."""

from django.db import migrations

from campaigns.db.group_permissions import let_groups

VIEW = [
    f"view_{model}"
    for model in (
        "contact",
        "tag",
        "suppression",
        "sender",
        "template",
        "task",
        "tasktemplate",
        "subtask",
    )
]
OWN_WORK = [
    f"{verb}_{model}"
    for model in ("contact", "tag", "sender", "template", "task", "tasktemplate")
    for verb in ("add", "change", "delete")
]
BOTH = [
    "add_suppression",
    "export_suppression",
    "control_task",
    "retry_subtask",
    "decide_subtask",
]
GROUPS = {
    "campaign manager": [*VIEW, *OWN_WORK, *BOTH, "import_contact", "launch_task"],
    "operator": [
        *VIEW,
        *BOTH,
        "see_everything",
        "change_suppression",
        "delete_suppression",
        "suppress_domain",
        "export_address",
        "erase_address",
    ],
    "viewer": [*VIEW, "see_everything"],
}


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0003_storage"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [let_groups("campaigns", GROUPS)]
