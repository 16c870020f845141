"""Sign-up forms, their wordings, and who signed up."""

import datetime

import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import signup.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("campaigns", "0005_audience"),
        ("dispatch", "0005_triggers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SignUpForm",
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
                        help_text="For staff. Where a contact agreed says it, too.", max_length=100
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        default=signup.models.new_key, editable=False, max_length=32, unique=True
                    ),
                ),
                (
                    "enabled",
                    models.BooleanField(
                        default=True,
                        help_text="Else its page says that it is closed. Open sign-ups stay valid.",
                    ),
                ),
                (
                    "title",
                    models.CharField(
                        max_length=200,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[^\\r\\n\\x00]*\\Z", "Enter one line of text."
                            )
                        ],
                    ),
                ),
                (
                    "text",
                    models.TextField(blank=True, help_text="Below the title.", max_length=2000),
                ),
                ("asks_name", models.BooleanField(default=True, verbose_name="asks for the name")),
                (
                    "subject",
                    models.CharField(
                        max_length=200,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[^\\r\\n\\x00]*\\Z", "Enter one line of text."
                            )
                        ],
                    ),
                ),
                (
                    "mail_text",
                    models.TextField(
                        blank=True,
                        help_text="Above the button to confirm. What was entered in the form is never in it.",
                        max_length=2000,
                        verbose_name="text of the message",
                    ),
                ),
                (
                    "next_url",
                    models.CharField(
                        blank=True,
                        help_text="An https address that is offered to those who have confirmed.",
                        max_length=500,
                        validators=[signup.models.validate_https],
                        verbose_name="page afterwards",
                    ),
                ),
                (
                    "framed_by",
                    models.TextField(
                        blank=True,
                        help_text="One a line, such as https://www.example.com. Empty: none.",
                        max_length=3000,
                        validators=[signup.models.validate_origins],
                        verbose_name="sites that may show it in a frame",
                    ),
                ),
                ("expired", models.PositiveBigIntegerField(default=0, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "attributes",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Asked for; none must be answered.",
                        related_name="+",
                        to="campaigns.attribute",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "sender",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.sender",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        help_text="Sends the message that asks to confirm, within its pace and quota.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="dispatch.emailservice",
                        verbose_name="email service",
                    ),
                ),
                (
                    "tags",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Given to everybody who confirms.",
                        related_name="+",
                        to="campaigns.tag",
                    ),
                ),
                (
                    "topics",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Public tags to choose from, as on the preference page.",
                        related_name="+",
                        to="campaigns.tag",
                    ),
                ),
            ],
            options={
                "verbose_name": "sign-up form",
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Wording",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(help_text="From 1.")),
                ("text", models.TextField()),
                (
                    "opens_text",
                    models.TextField(
                        blank=True,
                        help_text="Asked apart: that opens are recorded. Empty: not asked.",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "form",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="wordings",
                        to="signup.signupform",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SignUp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.CharField(max_length=254, verbose_name="email address")),
                (
                    "mailbox",
                    models.CharField(
                        help_text="The address without a part after +, by which it is limited.",
                        max_length=254,
                    ),
                ),
                ("answers", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Not confirmed yet"), ("confirmed", "Confirmed")],
                        default="pending",
                        max_length=10,
                    ),
                ),
                (
                    "network",
                    models.CharField(
                        blank=True,
                        help_text="Where it was entered, without the host's part.",
                        max_length=45,
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "expires_at",
                    models.DateTimeField(
                        db_default=django.db.models.expressions.CombinedExpression(
                            django.db.models.functions.datetime.Now(),
                            "+",
                            models.Value(datetime.timedelta(days=7)),
                        )
                    ),
                ),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("confirmed_network", models.CharField(blank=True, max_length=45)),
                (
                    "mail_state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("handing", "Being handed over"),
                            ("sent", "Sent"),
                            ("doubt", "In doubt: no reply came back"),
                            ("failed", "Refused"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="message",
                    ),
                ),
                (
                    "mail_due_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("mail_tries", models.PositiveSmallIntegerField(default=0)),
                ("mail_note", models.CharField(blank=True, max_length=500)),
                ("mailed_at", models.DateTimeField(null=True)),
                (
                    "form",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sign_ups",
                        to="signup.signupform",
                    ),
                ),
                (
                    "wording",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="signup.wording",
                    ),
                ),
            ],
            options={
                "verbose_name": "sign-up",
            },
        ),
        migrations.AddConstraint(
            model_name="wording",
            constraint=models.UniqueConstraint(
                models.F("form"), models.F("number"), name="wording_number_once"
            ),
        ),
        migrations.AddIndex(
            model_name="signup",
            index=models.Index(
                models.F("form"), models.F("state"), models.F("id"), name="sign_up_form"
            ),
        ),
        migrations.AddIndex(
            model_name="signup",
            index=models.Index(models.F("mailbox"), models.F("asked_at"), name="sign_up_mailbox"),
        ),
        migrations.AddIndex(
            model_name="signup",
            index=models.Index(
                models.F("mail_due_at"),
                condition=models.Q(
                    ("mail_state__in", ["waiting", "handing"]), ("state", "pending")
                ),
                name="sign_up_to_mail",
            ),
        ),
        migrations.AddIndex(
            model_name="signup",
            index=models.Index(
                models.F("expires_at"),
                condition=models.Q(("state", "pending")),
                name="sign_up_expires",
            ),
        ),
        migrations.AddConstraint(
            model_name="signup",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "confirmed"])),
                name="sign_up_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="signup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("mail_state__in", ["waiting", "handing", "sent", "doubt", "failed"])
                ),
                name="sign_up_mail_known",
            ),
        ),
    ]
