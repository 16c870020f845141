"""A/B tests and their samples."""

import datetime

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from campaigns.db.group_permissions import let_groups

VIEW = ["view_abtest"]
GROUPS = {
    "campaign manager": [*VIEW, "add_abtest", "change_abtest", "delete_abtest"],
    "operator": VIEW,
    "viewer": VIEW,
}


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0024_template_versions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ABTest",
            fields=[
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="ab_test",
                        serialize=False,
                        to="campaigns.task",
                    ),
                ),
                (
                    "sample",
                    models.PositiveIntegerField(
                        default=20,
                        help_text="Who gets the variants.",
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="sample",
                    ),
                ),
                (
                    "sample_unit",
                    models.CharField(
                        choices=[("percent", "% of the recipients"), ("number", "recipients")],
                        default="percent",
                        max_length=10,
                        verbose_name="of",
                    ),
                ),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("clicks", "Clicks by people, on any link"),
                            ("link", "Clicks by people on one link"),
                            ("opens", "Opens by people"),
                        ],
                        default="clicks",
                        max_length=10,
                        verbose_name="the better one has more",
                    ),
                ),
                (
                    "link",
                    models.CharField(
                        blank=True,
                        help_text="Its address as it stands in the templates, for clicks on one link.",
                        max_length=2000,
                    ),
                ),
                (
                    "decide_after",
                    models.DurationField(
                        default=datetime.timedelta(seconds=14400),
                        help_text="Counted from when the last message of the sample was handed over.",
                        verbose_name="decide after",
                    ),
                ),
                (
                    "threshold",
                    models.FloatField(
                        default=0.95,
                        help_text="The probability to be the best that makes a variant the winner.",
                        validators=[
                            django.core.validators.MinValueValidator(0.8),
                            django.core.validators.MaxValueValidator(0.999),
                        ],
                        verbose_name="how sure",
                    ),
                ),
                (
                    "ends_early",
                    models.BooleanField(
                        default=True,
                        help_text="Looks after a quarter, half and three quarters of the time, each of which asks for much more certainty.",
                        verbose_name="decide earlier when it is clear",
                    ),
                ),
                (
                    "otherwise",
                    models.CharField(
                        choices=[
                            ("first", "Send the first variant to the rest"),
                            ("ask", "Ask me: the rest waits"),
                        ],
                        default="first",
                        max_length=10,
                        verbose_name="when no difference is found",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("collecting", "Collecting results"),
                            ("asking", "Waits for your decision"),
                            ("releasing", "Sending to the rest"),
                            ("released", "Ended"),
                        ],
                        default="planned",
                        max_length=12,
                    ),
                ),
                ("sample_size", models.PositiveBigIntegerField(default=0)),
                (
                    "rest",
                    models.PositiveBigIntegerField(
                        default=0, help_text="SubTasks that waited for it."
                    ),
                ),
                (
                    "sent_at",
                    models.DateTimeField(
                        help_text="When all of the sample was handed over.", null=True
                    ),
                ),
                ("decide_at", models.DateTimeField(null=True)),
                (
                    "looks",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Planned looks already taken."
                    ),
                ),
                ("figures", models.JSONField(default=list)),
                ("looked_at", models.DateTimeField(null=True)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("clear", "One variant is better"),
                            ("none", "No difference found"),
                            ("chosen", "Chosen by a person"),
                            ("split", "The rest is split evenly"),
                        ],
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "released",
                    models.PositiveBigIntegerField(default=0, help_text="Of the rest, so far."),
                ),
                ("released_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "winner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.content",
                    ),
                ),
            ],
            options={
                "verbose_name": "A/B test",
            },
        ),
        migrations.CreateModel(
            name="ABSample",
            fields=[
                (
                    "test",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="drawn",
                        serialize=False,
                        to="campaigns.abtest",
                    ),
                ),
                (
                    "subtask_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="abtest",
            index=models.Index(
                models.F("state"),
                condition=models.Q(("state__in", ["collecting", "asking", "releasing"])),
                name="ab_test_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="abtest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["planned", "collecting", "asking", "releasing", "released"])
                ),
                name="ab_test_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="abtest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state__in", ["planned", "collecting", "asking"]),
                        ("verdict", ""),
                        ("winner", None),
                    ),
                    models.Q(
                        ("state__in", ["releasing", "released"]),
                        ("verdict", "split"),
                        ("winner", None),
                    ),
                    models.Q(
                        ("state__in", ["releasing", "released"]),
                        ("verdict__in", ["clear", "none", "chosen"]),
                        ("winner__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="ab_test_decided_once",
            ),
        ),
        let_groups("campaigns", GROUPS),
    ]
