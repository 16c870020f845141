"""What PostgreSQL knows of the number of contacts."""

from __future__ import annotations

import pytest
from django.db import connection

from campaigns.db import statistics
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db


def believe(rows: int) -> None:
    """As PostgreSQL has counted while the contacts of this transaction were not committed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_class SET reltuples = %s, relpages = 1 "
            "WHERE oid = 'campaigns_contact'::regclass",
            [rows],
        )


def believed() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'campaigns_contact'::regclass")
        rows: float = cursor.fetchone()[0]
        return rows


def test_contacts_are_counted_where_none_are_believed() -> None:
    ContactFactory.create_batch(3)
    believe(0)
    statistics.count_if_believed_empty()
    assert believed() == 3


def test_contacts_that_were_counted_are_not_counted_again() -> None:
    ContactFactory.create_batch(3)
    believe(2)
    statistics.count_if_believed_empty()
    assert believed() == 2


def test_an_empty_table_is_not_counted_for_each_piece(django_assert_num_queries: object) -> None:
    believe(0)
    with django_assert_num_queries(1):  # type: ignore[operator]
        statistics.count_if_believed_empty()
