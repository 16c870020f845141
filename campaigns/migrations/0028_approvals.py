"""Approval of campaigns by a second person, and the owner's rules for campaigns."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from campaigns.db.group_permissions import let_groups

MAY = ["approve_task"]
GROUPS = {"campaign manager": MAY, "operator": MAY}


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0027_launch_conditions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="task",
            options={
                "ordering": ["-id"],
                "permissions": [
                    ("see_everything", "Can see and use the rows of every owner"),
                    ("launch_task", "Can launch and schedule tasks"),
                    ("control_task", "Can pause, resume and cancel tasks"),
                    ("approve_task", "Can approve what others would launch"),
                ],
            },
        ),
        migrations.AddField(
            model_name="brand",
            name="asks_for_label",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="The checklist warns of subjects without it where recipients are in China: by the ending of their address (.cn), their language or their country.",
                verbose_name="“广告” or “AD” in subjects to China",
            ),
        ),
        migrations.AddField(
            model_name="brand",
            name="needs_approval",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="No campaign of this owner is launched before another user has approved exactly what it sends and to whom.",
                verbose_name="a second person approves each campaign",
            ),
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="approval",
                        serialize=False,
                        to="campaigns.task",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Waits for approval"),
                            ("approved", "Approved"),
                            ("sent_back", "Sent back"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                (
                    "fingerprint",
                    models.JSONField(
                        help_text="Of what would be frozen when it was asked for: a digest of each part, by name."
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("words", models.TextField(blank=True, help_text="To those who may approve.")),
                ("decided_at", models.DateTimeField(null=True)),
                ("answer", models.TextField(blank=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("asked_at"),
                        condition=models.Q(("state", "asked")),
                        name="approval_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("state", "asked")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("state__in", ["approved", "sent_back"]),
                            ),
                            _connector="OR",
                        ),
                        name="approval_is_decided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", models.F("asked_by")),
                            ("state", "approved"),
                            _negated=True,
                        ),
                        name="approval_by_another",
                    ),
                ],
            },
        ),
        let_groups("campaigns", GROUPS),
    ]
