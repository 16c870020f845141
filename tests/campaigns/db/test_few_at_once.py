"""Questions that take long hold up neither a web server nor the database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import pytest
from django.db import connection, transaction

from campaigns.db.few_at_once import ADVISORY_LOCK, MOST, answer_within
from tests.concurrency import second_connection

pytestmark = pytest.mark.django_db(transaction=True)


def sleeping(seconds: float) -> Callable[[], int]:
    def ask() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 7 FROM pg_sleep(%s)", [seconds])
            return int(cursor.fetchone()[0])

    return ask


def limit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return str(cursor.fetchone()[0])


def test_an_answer_in_time_is_given_and_the_limit_is_what_it_was() -> None:
    before = limit()
    with transaction.atomic():
        assert answer_within(20, sleeping(0)) == 7
        assert limit() == before


def test_no_answer_in_time_is_none_and_the_transaction_goes_on() -> None:
    with transaction.atomic():
        assert answer_within(0.05, sleeping(30)) is None
        assert sleeping(0)() == 7


def test_more_than_a_few_at_once_are_not_asked() -> None:
    with ExitStack() as stack:
        for place in range(1, MOST + 1):
            cursor = stack.enter_context(stack.enter_context(second_connection()).cursor())
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [ADVISORY_LOCK, place])
        assert answer_within(20, sleeping(0)) is None
    assert answer_within(20, sleeping(0)) == 7
