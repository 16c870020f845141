"""Sign-ins, and the counters that limit tries."""

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
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="SignIn",
            fields=columns(
                id=models.BigAutoField(**ID),
                at=models.DateTimeField(db_default=Now()),
                outcome=models.CharField(
                    max_length=20,
                    choices=[
                        ("signed_in", "signed in"),
                        ("confirmed", "confirmed"),
                        ("signed_out", "signed out"),
                        ("timed_out", "session timed out"),
                        ("wrong_password", "wrong user name or password"),
                        ("wrong_code", "right password, wrong second factor"),
                        ("refused", "refused: too many tries"),
                        ("not_allowed", "known, but no staff account"),
                    ],
                ),
                times=models.PositiveIntegerField(default=1),
                user_name=models.CharField(max_length=150, blank=True),
                method=models.CharField(
                    max_length=60, blank=True, help_text="Such as password and totp."
                ),
                address=models.CharField("IP address", max_length=45, blank=True),
                network=models.CharField(max_length=45, blank=True),
                user_agent=models.CharField(max_length=200, blank=True),
                user=models.ForeignKey(
                    settings.AUTH_USER_MODEL,
                    on_delete=models.SET_NULL,
                    blank=True,
                    null=True,
                    related_name="+",
                    db_index=False,
                ),
            ),
            options={
                "verbose_name": "sign-in",
                "indexes": [
                    # Whether a user has signed in from here lately.
                    models.Index(fields=["user", "network", "at"], name="signin_known_place"),
                    # Pruning, and the list of one day.
                    models.Index(fields=["at"], name="signin_at"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Tries",
            fields=columns(
                key=models.CharField(primary_key=True, max_length=80, serialize=False),
                count=models.PositiveIntegerField(),
                until=models.DateTimeField(db_index=True),
            ),
            options={
                "verbose_name_plural": "tries",
            },
        ),
    ]
