"""What probes are told, without a login and in plain http."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from tests.concurrency import running
from tests.databases import unreachable_database
from tests.factories import DispatcherFactory, living_dispatcher


def ready(client: Client | None = None) -> tuple[int, dict[str, Any]]:
    response = (client or Client()).get("/readyz")
    return response.status_code, response.json()


def forget_a_migration() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE id = "
            "(SELECT max(id) FROM django_migrations WHERE app = 'dispatch')"
        )


def without_database() -> Any:
    with unreachable_database():
        return ready()


def test_a_process_that_answers_is_healthy_and_touches_no_database() -> None:
    response = Client().get("/healthz")  # pytest would not let it reach the database here

    assert (response.status_code, response.text) == (200, "ok\n")


@pytest.mark.django_db(transaction=True)
def test_a_process_is_healthy_while_the_database_is_gone() -> None:
    def ask() -> int:
        with unreachable_database():
            return Client().get("/healthz").status_code

    with running(ask) as answer:
        assert answer.result() == 200


@pytest.mark.django_db
def test_all_is_ready_with_a_living_dispatcher() -> None:
    living_dispatcher()

    assert ready() == (
        200,
        {"ready": True, "database": "ok", "migrations": "ok", "dispatcher": "ok"},
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "dispatcher",
    [{"heartbeat_at": Now() - dt.timedelta(seconds=11)}, {"ended_at": Now()}],
    ids=["silent for longer than its lease", "ended"],
)
def test_without_a_living_dispatcher_it_is_not_ready(
    dispatcher: dict[str, CombinedExpression | Now],
) -> None:
    DispatcherFactory(**dispatcher)

    status, body = ready()

    assert status == 503
    assert body == {
        "ready": False,
        "database": "ok",
        "migrations": "ok",
        "dispatcher": "none is alive",
    }


@pytest.mark.django_db
def test_a_database_that_lacks_a_migration_is_not_ready() -> None:
    living_dispatcher()
    forget_a_migration()

    status, body = ready()

    assert (status, body["migrations"], body["dispatcher"]) == (503, "not applied", "unknown")


@pytest.mark.django_db
def test_a_database_that_is_newer_than_this_code_is_ready() -> None:
    living_dispatcher()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) "
            "VALUES ('dispatch', '9999_of_tomorrow', now())"
        )

    assert ready()[0] == 200


@pytest.mark.django_db(transaction=True)
def test_without_a_database_it_is_not_ready_and_tells_no_more_than_that() -> None:
    with running(without_database) as answer:
        status, body = answer.result()

    assert status == 503
    assert body == {
        "ready": False,
        "database": "not reachable",
        "migrations": "unknown",
        "dispatcher": "unknown",
    }


@pytest.mark.django_db
def test_the_probe_is_cheap(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    living_dispatcher()
    ready()

    with django_assert_max_num_queries(3):
        ready()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_in_plain_http_are_not_sent_to_https(path: str, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    living_dispatcher()

    assert Client().get(path).status_code == 200


@pytest.mark.parametrize("path", ["/metrics", "/admin/", "/healthz/x", "/x/readyz"])
def test_all_else_is_sent_to_https(path: str, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True

    assert Client().get(path).status_code == 301


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_only_read(path: str) -> None:
    assert Client().post(path).status_code == 405


def test_answers_are_not_kept() -> None:
    assert "no-store" in Client().get("/healthz")["Cache-Control"]


def test_a_probe_has_to_send_an_allowed_host(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["edm.example.com"]

    assert Client().get("/healthz", headers={"Host": "10.0.0.7"}).status_code == 400
    assert Client().get("/healthz", headers={"Host": "edm.example.com"}).status_code == 200
