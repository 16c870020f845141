"""Links, the event inbox, and the counts kept of events."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models.functions import MD5, Now

# The key that Django gives to a table.
ID: dict[str, Any] = {
    "auto_created": True,
    "primary_key": True,
    "serialize": False,
    "verbose_name": "ID",
}
EVENT_KINDS = [
    ("accepted", "Accepted by the provider"),
    ("deferred", "Delayed"),
    ("delivered", "Delivered"),
    ("opened", "Opened"),
    ("clicked", "Clicked"),
    ("soft_bounced", "Bounced for now"),
    ("hard_bounced", "Bounced for good: the address does not exist"),
    ("rejected", "Refused: content, policy or the provider's own list"),
    ("complained", "Reported as spam"),
    ("unsubscribed", "Unsubscribed"),
    ("resubscribed", "Subscribed again"),
]
ACTORS = [
    ("person", "Person"),
    ("proxy", "Privacy or image proxy"),
    ("machine", "Scanner or other machine"),
]


def columns(**fields: models.Field[Any, Any]) -> list[tuple[str, models.Field[Any, Any]]]:
    return list(fields.items())


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("campaigns", "0001_initial"),
    ]
    operations = [
        migrations.CreateModel(
            name="Link",
            fields=columns(
                id=models.BigAutoField(**ID),
                position=models.PositiveIntegerField(),
                destination=models.TextField(),
                is_personal=models.BooleanField(default=False),
                content=models.ForeignKey(
                    "campaigns.content",
                    on_delete=models.CASCADE,
                    related_name="links",
                    db_index=False,
                ),
            ),
            options={
                "constraints": [
                    models.UniqueConstraint("content", "position", name="link_position_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=columns(
                id=models.BigAutoField(**ID),
                kind=models.CharField(max_length=15, choices=EVENT_KINDS),
                actor=models.CharField(max_length=10, default="person", choices=ACTORS),
                source=models.CharField(max_length=40),
                dedupe_key=models.CharField(max_length=200),
                service_id=models.BigIntegerField(
                    null=True, help_text="The email service through whose webhook it came."
                ),
                message_id=models.CharField(max_length=255, blank=True),
                provider_message_id=models.CharField(max_length=255, blank=True),
                recipient=models.CharField(max_length=254, blank=True),
                url=models.TextField("link", blank=True),
                detail=models.TextField(blank=True),
                ip_address=models.CharField(
                    "IP address",
                    max_length=45,
                    blank=True,
                    help_text="The network only: the host's part is cut off.",
                ),
                user_agent=models.TextField(blank=True),
                raw=models.JSONField("payload", null=True),
                occurred_at=models.DateTimeField(null=True, help_text="As the source says."),
                received_at=models.DateTimeField(db_default=Now()),
                state=models.CharField(
                    max_length=10,
                    default="waiting",
                    choices=[
                        ("waiting", "Waiting"),
                        ("applied", "Applied"),
                        ("given_up", "Given up"),
                    ],
                ),
                due_at=models.DateTimeField(
                    db_default=Now(), help_text="Not applied before this time."
                ),
                settled_at=models.DateTimeField(null=True),
                note=models.CharField(
                    max_length=200,
                    blank=True,
                    help_text="What it waits for, or why it was given up.",
                ),
                subtask=models.ForeignKey(
                    "campaigns.subtask",
                    on_delete=models.DO_NOTHING,
                    null=True,
                    related_name="+",
                    db_index=False,
                    db_constraint=False,
                ),
                last_at=models.DateTimeField(
                    null=True, help_text="When it came last, if more than once."
                ),
                times=models.PositiveIntegerField(
                    db_default=1, help_text="How often it came, where the same again is counted."
                ),
            ),
            options={
                "constraints": [
                    # The same event told again. By service too, so that no account can use up the
                    # keys of another.
                    models.UniqueConstraint(
                        "source",
                        "dedupe_key",
                        "service_id",
                        name="event_once",
                        nulls_distinct=False,
                    )
                ],
                "indexes": [
                    # Applying.
                    models.Index(
                        "due_at", "id", name="event_waiting", condition=models.Q(state="waiting")
                    ),
                    # A SubTask's page, and what else came of the same message.
                    models.Index(
                        "subtask",
                        "kind",
                        "actor",
                        name="event_subtask",
                        condition=models.Q(subtask__isnull=False),
                    ),
                    # The list of a kind that is rare.
                    models.Index(
                        "kind",
                        "id",
                        name="event_rare_kind",
                        condition=~models.Q(
                            kind__in=["accepted", "clicked", "delivered", "opened"]
                        ),
                    ),
                    # The list of what was given up.
                    models.Index("id", name="event_given_up", condition=models.Q(state="given_up")),
                    # Search by address, and soft bounces in a row. Whole, for the planner cannot
                    # tell that an address it looks up is not empty.
                    models.Index("recipient", "id", name="event_recipient"),
                    # Erasing payloads.
                    models.Index(
                        "received_at", name="event_payload", condition=models.Q(raw__isnull=False)
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Repeat",
            fields=columns(
                event_id=models.BigIntegerField(primary_key=True, serialize=False),
                times=models.PositiveIntegerField(),
                last_at=models.DateTimeField(),
            ),
        ),
        migrations.CreateModel(
            name="EventTally",
            fields=columns(
                id=models.BigAutoField(**ID),
                task_id=models.BigIntegerField(),
                kind=models.CharField(max_length=15, choices=EVENT_KINDS),
                actor=models.CharField(max_length=10, choices=ACTORS),
                events=models.PositiveBigIntegerField(),
                recipients=models.PositiveBigIntegerField(),
            ),
            options={
                "verbose_name_plural": "event tallies",
                "constraints": [
                    models.UniqueConstraint("task_id", "kind", "actor", name="event_tally_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="LinkTally",
            fields=columns(
                id=models.BigAutoField(**ID),
                task_id=models.BigIntegerField(),
                url=models.TextField(),
                actor=models.CharField(max_length=10, choices=ACTORS),
                clicks=models.PositiveBigIntegerField(),
                recipients=models.PositiveBigIntegerField(),
            ),
            options={
                "verbose_name_plural": "link tallies",
                "constraints": [
                    # By the digest: an index takes no address of 2,000 characters.
                    models.UniqueConstraint("task_id", MD5("url"), "actor", name="link_tally_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PauseBaseline",
            fields=columns(
                task_id=models.BigIntegerField(primary_key=True, serialize=False),
                resumed_at=models.DateTimeField(),
                messages=models.PositiveBigIntegerField(),
                hard_bounces=models.PositiveBigIntegerField(),
                complaints=models.PositiveBigIntegerField(),
            ),
        ),
        migrations.CreateModel(
            name="RejectedRequests",
            fields=columns(
                id=models.BigAutoField(**ID),
                day=models.DateField(),
                endpoint=models.CharField(max_length=40),
                reason=models.CharField(max_length=40),
                count=models.PositiveBigIntegerField(),
                shard=models.PositiveSmallIntegerField(db_default=0),
            ),
            options={
                "verbose_name": "rejected requests",
                "verbose_name_plural": "rejected requests",
                "constraints": [
                    models.UniqueConstraint(
                        "day", "endpoint", "reason", "shard", name="rejected_requests_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Allowance",
            fields=columns(
                bucket=models.IntegerField(primary_key=True, serialize=False),
                since=models.DateTimeField(),
                used=models.PositiveIntegerField(),
            ),
        ),
    ]
