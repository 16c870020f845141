"""Migrations may think for as long as they must; what comes after them may not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import pre_migrate

pytestmark = pytest.mark.django_db(transaction=True)


def idle_limit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        return str(cursor.fetchone()[0])


@contextmanager
def limits_before_migrations() -> Iterator[list[str]]:
    """The limit as each app is about to be migrated."""
    seen: list[str] = []

    def look(**kwargs: object) -> None:
        seen.append(idle_limit())

    pre_migrate.connect(look, sender=apps.get_app_config("tracking"))
    try:
        yield seen
    finally:
        pre_migrate.disconnect(look, sender=apps.get_app_config("tracking"))


def test_a_migration_may_be_idle_in_its_transaction_and_what_follows_may_not() -> None:
    before = idle_limit()
    with limits_before_migrations() as seen:
        call_command("migrate", verbosity=0)
    assert seen == ["0"]
    assert idle_limit() == before != "0"
