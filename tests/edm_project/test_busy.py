"""A database that does not answer in time is a page that says so, never a crash."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.db.models import QuerySet

from campaigns.models import Task
from campaigns.state import lifecycle
from tests.campaigns.admin.staff import CONFIRM, SUPERUSER, address, member, signed_in
from tests.concurrency import second_connection
from tests.factories import ContactFactory, SendingTaskFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_search_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(member(SUPERUSER))
    ContactFactory()
    iterate = QuerySet.__iter__

    def slow(rows: QuerySet[Any]) -> Any:
        if rows.model._meta.model_name == "contact":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 1")
                cursor.execute("SELECT pg_sleep(5)")
        return iterate(rows)

    monkeypatch.setattr(QuerySet, "__iter__", slow)
    response = client.get(address("campaigns.contact", "changelist"), {"q": "a"})
    assert response.status_code == 503
    assert b"Nothing was changed." in response.content


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_else_has_locked() -> None:
    task = SendingTaskFactory(owner=UserFactory())
    client = signed_in(member(SUPERUSER))
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    try:
        with second_connection() as other, other.cursor() as cursor:
            other.set_autocommit(False)
            cursor.execute("UPDATE campaigns_task SET name = name WHERE id = %s", [task.pk])
            response = client.post(address("campaigns.task", "pause", task.pk), CONFIRM)
            other.rollback()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert response.status_code == 503
    assert b"was probably not done" in response.content
    assert Task.objects.get().status == "sending"


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_a_connection_that_is_gone(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    task = SendingTaskFactory()

    def fail(*args: Any) -> None:
        raise error

    monkeypatch.setattr(lifecycle, "pause", fail)
    client = signed_in(member(SUPERUSER))
    response = client.post(address("campaigns.task", "pause", task.pk), CONFIRM)
    assert response.status_code == 503
    assert str(error).encode() not in response.content


def test_any_other_mistake_is_still_one(monkeypatch: pytest.MonkeyPatch) -> None:
    task = SendingTaskFactory()

    def fail(*args: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(lifecycle, "pause", fail)
    client = signed_in(member(SUPERUSER))
    with pytest.raises(RuntimeError, match="a bug"):
        client.post(address("campaigns.task", "pause", task.pk), CONFIRM)
