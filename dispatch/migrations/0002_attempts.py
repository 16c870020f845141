"""What was handed over, and what people decided about it.

Not part of the first: an attempt names a SubTask of `campaigns`, and a SubTask names a service.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now

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
        ("dispatch", "0001_initial"),
        ("campaigns", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Attempt",
            fields=columns(
                id=models.BigAutoField(**ID),
                dispatcher_id=models.BigIntegerField(),
                claim_token=models.UUIDField(),
                slot_at=models.DateTimeField(
                    help_text="The slot that was granted; no start is earlier."
                ),
                started_at=models.DateTimeField(
                    null=True,
                    help_text="Empty when the dispatcher died and it is unknown whether it started.",
                ),
                finished_at=models.DateTimeField(db_default=Now()),
                outcome=models.CharField(
                    max_length=15,
                    choices=[
                        ("accepted", "Accepted"),
                        ("deferred", "Refused for now"),
                        ("rejected", "Refused for good"),
                        ("service_error", "The service failed"),
                        ("unknown", "Unknown: no reply came back"),
                        ("not_started", "Not started: the process ended before"),
                        ("restored", "Sent before the database was restored"),
                    ],
                ),
                code=models.PositiveSmallIntegerField(null=True),
                reply=models.TextField(blank=True),
                # Found by attempt_once_per_claim.
                subtask=models.ForeignKey(
                    "campaigns.subtask", on_delete=models.PROTECT, related_name="+", db_index=False
                ),
                service=models.ForeignKey(
                    "dispatch.emailservice",
                    on_delete=models.PROTECT,
                    related_name="+",
                    db_index=False,
                    db_constraint=False,
                ),
                sending_at=models.DateTimeField(
                    null=True,
                    help_text="When the hand-over was first marked; repeats of one in doubt share it.",
                ),
            ),
            options={
                "constraints": [
                    # Also a SubTask's history.
                    models.UniqueConstraint("subtask", "claim_token", name="attempt_once_per_claim")
                ],
                "indexes": [
                    # The audit of pace and quota, and the rate of sending.
                    models.Index("service", "started_at", name="attempt_pace"),
                    # The list by outcome, whose page must not depend on how large the table is.
                    # Accepted ones are everywhere.
                    models.Index(
                        "outcome",
                        "id",
                        name="attempt_not_accepted",
                        condition=~models.Q(outcome="accepted"),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=columns(
                id=models.BigAutoField(**ID),
                choice=models.CharField(
                    max_length=10,
                    choices=[
                        ("was_sent", "It was sent"),
                        ("send_again", "Send again, may duplicate"),
                        ("give_up", "Give up"),
                    ],
                ),
                decided_at=models.DateTimeField(db_default=Now()),
                subtask=models.ForeignKey(
                    "campaigns.subtask", on_delete=models.PROTECT, related_name="+"
                ),
                user=models.ForeignKey(
                    settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
                ),
            ),
        ),
    ]
