"""What a template is written in, brands, and what a task's template may say otherwise."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from campaigns.db.group_permissions import let_groups

VIEW = ["view_brand"]
GROUPS = {
    "campaign manager": [*VIEW, "add_brand", "change_brand", "delete_brand"],
    "operator": VIEW,
    "viewer": VIEW,
}


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0017_contact_by_address"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Brand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        blank=True,
                        help_text="Said in the footer.",
                        max_length=200,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[^\\r\\n\\x00]*\\Z", "Enter one line of text."
                            )
                        ],
                    ),
                ),
                (
                    "logo_url",
                    models.URLField(blank=True, max_length=500, verbose_name="logo's address"),
                ),
                (
                    "logo_alt",
                    models.CharField(blank=True, max_length=200, verbose_name="logo in words"),
                ),
                (
                    "logo_width",
                    models.PositiveSmallIntegerField(
                        default=160, verbose_name="logo's width in pixels"
                    ),
                ),
                ("website", models.URLField(blank=True, max_length=500)),
                (
                    "background_colour",
                    models.CharField(
                        default="#f4f4f5",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A#[0-9a-fA-F]{6}\\Z", "Enter a colour, such as #1a73e8."
                            )
                        ],
                        verbose_name="behind the message",
                    ),
                ),
                (
                    "body_colour",
                    models.CharField(
                        default="#ffffff",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A#[0-9a-fA-F]{6}\\Z", "Enter a colour, such as #1a73e8."
                            )
                        ],
                        verbose_name="of the message",
                    ),
                ),
                (
                    "text_colour",
                    models.CharField(
                        default="#222222",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A#[0-9a-fA-F]{6}\\Z", "Enter a colour, such as #1a73e8."
                            )
                        ],
                        verbose_name="of text",
                    ),
                ),
                (
                    "link_colour",
                    models.CharField(
                        default="#1a5fb4",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A#[0-9a-fA-F]{6}\\Z", "Enter a colour, such as #1a73e8."
                            )
                        ],
                        verbose_name="of links",
                    ),
                ),
                (
                    "button_colour",
                    models.CharField(
                        default="#1a5fb4",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A#[0-9a-fA-F]{6}\\Z", "Enter a colour, such as #1a73e8."
                            )
                        ],
                        verbose_name="of buttons",
                    ),
                ),
                (
                    "button_text_colour",
                    models.CharField(
                        default="#ffffff",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A#[0-9a-fA-F]{6}\\Z", "Enter a colour, such as #1a73e8."
                            )
                        ],
                        verbose_name="of text on buttons",
                    ),
                ),
                (
                    "font",
                    models.CharField(
                        choices=[
                            ("Arial, Helvetica, sans-serif", "Arial"),
                            ("Verdana, Geneva, sans-serif", "Verdana"),
                            ("Tahoma, Verdana, sans-serif", "Tahoma"),
                            ("'Trebuchet MS', Tahoma, sans-serif", "Trebuchet"),
                            ("Georgia, 'Times New Roman', serif", "Georgia"),
                            ("'Times New Roman', Times, serif", "Times New Roman"),
                            ("'Courier New', Courier, monospace", "Courier New"),
                            (
                                "'PingFang SC', 'Microsoft YaHei', 'Noto Sans SC', sans-serif",
                                "Chinese (sans-serif)",
                            ),
                        ],
                        default="Arial, Helvetica, sans-serif",
                        max_length=100,
                    ),
                ),
                (
                    "footer",
                    models.TextField(
                        blank=True,
                        help_text="Below each message, above the unsubscribe link.",
                        max_length=2000,
                    ),
                ),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="tasktemplate",
            name="task_template_once",
        ),
        migrations.AddField(
            model_name="tasktemplate",
            name="preview_text",
            field=models.CharField(blank=True, db_default="", default="", max_length=500),
        ),
        migrations.AddField(
            model_name="tasktemplate",
            name="sender",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="campaigns.sender",
            ),
        ),
        migrations.AddField(
            model_name="tasktemplate",
            name="subject",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=500,
                validators=[
                    django.core.validators.RegexValidator(
                        "\\A[^\\r\\n\\x00]*\\Z", "Enter one line of text."
                    )
                ],
            ),
        ),
        migrations.AddField(
            model_name="template",
            name="blocks",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="template",
            name="folder",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Templates are listed by folder. Write a new name to begin a folder.",
                max_length=100,
            ),
        ),
        migrations.AddField(
            model_name="template",
            name="format",
            field=models.CharField(
                choices=[("html", "HTML"), ("mjml", "MJML"), ("blocks", "Blocks")],
                db_default="html",
                default="html",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="template",
            name="mjml",
            field=models.TextField(blank=True, db_default="", default="", verbose_name="MJML"),
        ),
        migrations.AddField(
            model_name="template",
            name="sender",
            field=models.ForeignKey(
                blank=True,
                help_text="The sender that a new campaign with this template begins with.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="campaigns.sender",
            ),
        ),
        migrations.AddConstraint(
            model_name="tasktemplate",
            constraint=models.UniqueConstraint(
                fields=("task", "template", "subject", "preview_text", "sender"),
                name="task_template_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="template",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("format", "html"),
                    models.Q(("format", "mjml"), models.Q(("mjml", ""), _negated=True)),
                    models.Q(("blocks__isnull", False), ("format", "blocks")),
                    _connector="OR",
                ),
                name="template_has_its_source",
            ),
        ),
        migrations.AddField(
            model_name="brand",
            name="owner",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        let_groups("campaigns", GROUPS),
    ]
