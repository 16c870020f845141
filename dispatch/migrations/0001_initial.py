"""How it leaves: email services, what is used up of their limits, and who dispatches."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator, RegexValidator
from django.db import migrations, models
from django.db.models.functions import Lower, Now

import dispatch.models.service

# The key that Django gives to a table.
ID: dict[str, Any] = {
    "auto_created": True,
    "primary_key": True,
    "serialize": False,
    "verbose_name": "ID",
}


def columns(**fields: models.Field[Any, Any]) -> list[tuple[str, models.Field[Any, Any]]]:
    return list(fields.items())


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="EmailService",
            fields=columns(
                id=models.BigAutoField(**ID),
                name=models.CharField(max_length=100, unique=True),
                domain=models.CharField(
                    max_length=253,
                    help_text="The domain that messages are from.",
                    validators=[
                        RegexValidator(
                            "\\A(?=.{4,253}\\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z0-9-]{2,63}\\Z",
                            "Enter a domain name in lower case, for example: mail.example.com",
                        )
                    ],
                ),
                provider=models.CharField(max_length=30),
                credentials=models.TextField(
                    blank=True, editable=False, help_text="The provider's settings, encrypted."
                ),
                sending_interval=models.DecimalField(
                    "sending interval (seconds)",
                    default=Decimal("1"),
                    help_text="Seconds between the starts of two messages; 0 for no limit.",
                    validators=[MinValueValidator(0)],
                    max_digits=9,
                    decimal_places=3,
                ),
                burst=models.PositiveSmallIntegerField(
                    default=1,
                    help_text="How many messages may start at once after a time of rest; 1 for an "
                    "even pace.",
                    validators=[MinValueValidator(1)],
                ),
                daily_quota=models.PositiveIntegerField(
                    blank=True,
                    null=True,
                    help_text="Most messages in a day; leave empty for no limit.",
                ),
                quota_reset_time=models.TimeField(
                    default=dt.time(0),
                    help_text="When the day of the quota begins, in the time zone below.",
                ),
                quota_time_zone=models.CharField(
                    max_length=64,
                    default=dispatch.models.service.default_time_zone,
                    validators=[dispatch.models.service.validate_time_zone],
                ),
                max_connections=models.PositiveSmallIntegerField(
                    default=2,
                    help_text="Most connections at the same time, over all hosts.",
                    validators=[MinValueValidator(1)],
                ),
                enabled=models.BooleanField(default=True),
                dkim_selector=models.CharField(
                    "DKIM selector",
                    max_length=63,
                    blank=True,
                    help_text="The part before “._domainkey” of the name at which the key is "
                    "published; your provider or mail server shows it. Used to check the "
                    "domain.",
                    validators=[
                        RegexValidator(
                            "\\A(?!.*_domainkey)[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?\\Z",
                            "Enter a selector only, such as mail2026: the part before “._domainkey”.",
                        )
                    ],
                ),
                connection_changed_at=models.DateTimeField(
                    db_default=Now(),
                    editable=False,
                    help_text="Since when provider, account and domain are as they are: a hand-over "
                    "in doubt is repeated only where it was made.",
                ),
                webhook_key_digest=models.CharField(max_length=64),
                webhook_key_encrypted=models.TextField(
                    editable=False,
                    help_text="The unguessable part of the address that the provider posts events "
                    "to, to be shown again.",
                ),
                users=models.ManyToManyField(
                    settings.AUTH_USER_MODEL,
                    blank=True,
                    help_text="Who may use this service; leave empty for everyone.",
                    related_name="+",
                ),
            ),
            options={
                "verbose_name": "email service",
                "ordering": ["name"],
                "permissions": [
                    ("control_emailservice", "Can freeze, unfreeze and test email services")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(sending_interval__gte=0),
                        name="service_interval_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(daily_quota__isnull=True) | models.Q(daily_quota__gte=0),
                        name="service_quota_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(burst__gte=1), name="service_burst_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(max_connections__gte=1),
                        name="service_connections_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(domain=Lower("domain")), name="service_domain_lower_case"
                    ),
                ],
            },
        ),
        # Made unique by itself, so that the constraint's name is the one that Django derives.
        migrations.AlterField(
            "emailservice",
            "webhook_key_digest",
            models.CharField(
                max_length=64,
                unique=True,
                editable=False,
                help_text="By this the service is found when its provider posts an event.",
            ),
        ),
        migrations.CreateModel(
            name="Pace",
            fields=columns(
                service=models.OneToOneField(
                    "dispatch.emailservice",
                    on_delete=models.CASCADE,
                    primary_key=True,
                    serialize=False,
                    related_name="pace",
                ),
                next_send_at=models.DateTimeField(
                    db_default=Now(),
                    help_text="When the next even slot is; a burst may start earlier.",
                ),
                quota_period_start=models.DateTimeField(
                    null=True, help_text="The period `quota_used` is about."
                ),
                quota_used=models.PositiveIntegerField(default=0),
                frozen_until=models.DateTimeField(null=True),
                needs_person=models.BooleanField(
                    default=False, help_text="Frozen until a person unfreezes it."
                ),
                freeze_reason=models.TextField(blank=True),
                failures_in_row=models.PositiveIntegerField(default=0),
                freezes_in_row=models.PositiveIntegerField(default=0),
                # Here, as this row is locked for every grant.
                limits_changed_at=models.DateTimeField(
                    db_default=Now(),
                    help_text="Since when the limits are as they are: who knows older ones may not "
                    "grant by this row, and the audit judges what was sent since.",
                ),
            ),
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(quota_used__gte=0), name="pace_quota_used_not_negative"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Dispatcher",
            fields=columns(
                id=models.BigAutoField(**ID),
                host=models.CharField(max_length=255),
                pid=models.PositiveIntegerField(),
                cluster=models.UUIDField(help_text="The qcluster process that runs it."),
                started_at=models.DateTimeField(db_default=Now()),
                heartbeat_at=models.DateTimeField(db_default=Now()),
                ended_at=models.DateTimeField(null=True),
                figures=models.JSONField(default=dict, help_text="What it has done so far."),
                counted=models.BooleanField(
                    db_default=False, help_text="Ended, and its figures are in the total."
                ),
                winding_up=models.BooleanField(
                    db_default=False, help_text="It claims nothing more: its successor may start."
                ),
            ),
            options={
                "indexes": [
                    # Not by the heartbeat, which every tick writes: a row whose indexed columns
                    # stay the same is written in place.
                    models.Index(
                        "cluster", name="dispatcher_alive", condition=models.Q(ended_at=None)
                    ),
                    # Whose figures are not in the total yet.
                    models.Index(
                        "id",
                        name="dispatcher_uncounted",
                        condition=models.Q(counted=False, ended_at__isnull=False),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConnectionShare",
            fields=columns(
                id=models.BigAutoField(**ID),
                connections=models.PositiveSmallIntegerField(),
                dispatcher=models.ForeignKey(
                    "dispatch.dispatcher",
                    on_delete=models.CASCADE,
                    related_name="+",
                    db_constraint=False,
                ),
                service=models.ForeignKey(
                    "dispatch.emailservice",
                    on_delete=models.CASCADE,
                    related_name="+",
                    db_constraint=False,
                ),
            ),
            options={
                "constraints": [
                    models.UniqueConstraint("service", "dispatcher", name="connection_share_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Turn",
            fields=columns(
                id=models.BigAutoField(**ID),
                task_id=models.BigIntegerField(),
                served_at=models.DateTimeField(),
                # Found by turn_once alone: beside an index of its own, the planner took the wrong
                # one.
                service=models.ForeignKey(
                    "dispatch.emailservice",
                    on_delete=models.CASCADE,
                    related_name="+",
                    db_index=False,
                    db_constraint=False,
                ),
            ),
            options={
                "constraints": [models.UniqueConstraint("service", "task_id", name="turn_once")],
            },
        ),
        migrations.CreateModel(
            name="BounceMailbox",
            fields=columns(
                service=models.OneToOneField(
                    "dispatch.emailservice",
                    on_delete=models.CASCADE,
                    primary_key=True,
                    serialize=False,
                    related_name="bounce_mailbox",
                ),
                enabled=models.BooleanField(default=True),
                domain=models.CharField(
                    max_length=253,
                    help_text="The domain of the return path of the service's messages.",
                    validators=[
                        RegexValidator(
                            "\\A(?=.{4,253}\\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z0-9-]{2,63}\\Z",
                            "Enter a domain name in lower case, for example: mail.example.com",
                        )
                    ],
                ),
                settings=models.TextField(blank=True, editable=False, help_text="Encrypted."),
                next_read_at=models.DateTimeField(db_default=Now()),
                claimed_until=models.DateTimeField(
                    null=True,
                    help_text="Who reads it has it until then; the time that it takes at most.",
                ),
                claim_token=models.UUIDField(null=True),
                read_at=models.DateTimeField(null=True),
                result=models.CharField(
                    max_length=500, blank=True, help_text="What was in it last."
                ),
                problem=models.TextField(blank=True, help_text="Why it could not be read last."),
                failures_in_row=models.PositiveIntegerField(default=0),
                letter_tries=models.JSONField(
                    default=dict,
                    help_text="Letters that are being looked at, and how often they were.",
                ),
                set_aside=models.CharField(
                    max_length=500, blank=True, help_text="What was set aside last, and why."
                ),
                set_aside_at=models.DateTimeField(null=True),
            ),
            options={
                "verbose_name_plural": "bounce mailboxes",
            },
        ),
        migrations.CreateModel(
            name="DomainReport",
            fields=columns(
                service=models.OneToOneField(
                    "dispatch.emailservice",
                    on_delete=models.CASCADE,
                    primary_key=True,
                    serialize=False,
                    related_name="domain_report",
                ),
                domain=models.CharField(max_length=253, blank=True),
                selector=models.CharField(max_length=63, blank=True),
                asked_at=models.DateTimeField(null=True),
                checked_at=models.DateTimeField(null=True),
                verdict=models.CharField(max_length=10, blank=True),
                checks=models.JSONField(default=list),
            ),
        ),
        migrations.CreateModel(
            name="AccountReport",
            fields=columns(
                service=models.OneToOneField(
                    "dispatch.emailservice",
                    on_delete=models.CASCADE,
                    primary_key=True,
                    serialize=False,
                    related_name="account_report",
                ),
                asked_at=models.DateTimeField(null=True),
                checked_at=models.DateTimeField(null=True),
                connection_changed_at=models.DateTimeField(
                    null=True, help_text="Of the connection tried."
                ),
                works=models.BooleanField(default=False),
                answer=models.TextField(blank=True),
            ),
        ),
        migrations.CreateModel(
            name="FiguresTotal",
            fields=columns(
                id=models.BigAutoField(**ID),
                figures=models.JSONField(default=dict),
            ),
        ),
        migrations.CreateModel(
            name="FiguresSample",
            fields=columns(
                id=models.BigAutoField(**ID),
                taken_at=models.DateTimeField(db_default=Now()),
                figures=models.JSONField(help_text="All but what is in the other two."),
                services=models.JSONField(help_text="The counts of each service, by its key."),
                dispatchers=models.JSONField(
                    help_text="What each dispatcher that was alive had handed over, by its key."
                ),
            ),
            options={
                "indexes": [
                    # The latest, the one of a minute ago, the last hour.
                    models.Index("taken_at", name="figures_sample_time")
                ],
            },
        ),
    ]
