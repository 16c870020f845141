"""An owner whose contacts are new among very many of others, whom PostgreSQL has counted."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaigns import contact_search
from campaigns.db import statistics
from campaigns.imports.writing import statements
from campaigns.models import Contact
from tests.campaigns.imports.importing import imported
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
CONTACTS_SQL = """
INSERT INTO campaigns_contact (owner_id, email, name, attributes)
SELECT %s, 'c' || n || '@b.example', '', '{}' FROM generate_series(1, %s) AS n
"""
SOME_SQL = "SELECT array_agg(id) FROM campaigns_contact WHERE owner_id = %s AND id %% 500 = 0"


@pytest.fixture
def owner() -> User:
    """With contacts that have not been counted yet."""
    add_contacts(UserFactory(), 3_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE campaigns_contact")
    new: User = UserFactory()
    add_contacts(new, 50)
    return new


def add_contacts(owner: User, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CONTACTS_SQL, [owner.pk, number])


def test_each_row_is_looked_up_by_its_address(owner: User) -> None:
    params: dict[str, Any] = {
        "operation": 1,
        "owner": owner.pk,
        "existing": "update",
        "dry": False,
        "ids": [],
    }
    with connection.cursor() as cursor:
        cursor.execute(statements.CREATE)
        cursor.execute("EXPLAIN " + statements.named(statements.MEET), params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "contact_email_unique_per_owner" in plan
    assert "contact_by_address" not in plan
    assert "contact_walk" not in plan


def test_contacts_are_counted_when_many_came_in(
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    monkeypatch.setattr(statistics, "MANY", 2)
    raw = b"email\nada@example.com\nbob@example.com\n"
    with CaptureQueriesContext(connection) as queries:
        with django_capture_on_commit_callbacks(execute=True):
            imported(raw, owner, dry_run=True)
        assert statistics.ANALYZE not in [each["sql"] for each in queries]
        with django_capture_on_commit_callbacks(execute=True):
            imported(raw, owner)
        assert statistics.ANALYZE in [each["sql"] for each in queries]


def test_a_changed_name_is_found_by_reading_the_contacts_around_it(owner: User) -> None:
    """Within 32 keys, and not all contacts of the owner."""
    add_contacts(other := UserFactory(), 3_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE campaigns_contact")
        cursor.execute(SOME_SQL, [other.pk])
        keys = cursor.fetchone()[0]
        before = rows_read()
        cursor.execute("UPDATE campaigns_contact SET name = 'Zoë' WHERE id = ANY(%s)", [keys])
    assert rows_read() - before < 1_000
    assert contact_search.search(Contact.objects.all(), "zoë", other).count() == len(keys)


def rows_read() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables "
            "WHERE relname = 'campaigns_contact'"
        )
        return int(cursor.fetchone()[0])
