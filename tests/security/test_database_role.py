"""The role by which web and clusters use the database: it does all that they do, and cannot change
what the migrations made.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import BytesIO, StringIO
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from psycopg import sql
from pytest_django import DjangoDbBlocker

from campaigns.imports.writing.contacts import import_contacts
from campaigns.launching import launch
from campaigns.models import Contact, SubTask
from dispatch.process import maintenance
from embedded_postgres.server import EmbeddedPostgres
from privacy import erasure
from tests.dispatching import Dispatch, MakeService, nothing_left
from tests.factories import TaskFactory
from tests.faults.databases import django_uses
from tests.faults.programs import manage

pytestmark = pytest.mark.timeout(180)
PASSWORD = "only-for-the-tests"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
NAME = f"{settings.DATABASES['default']['TEST']['NAME']}_roles_{WORKER}"
OWNER, SITE = f"{NAME}_owner", f"{NAME}_site"


def url(database: str, user: str = "") -> str:
    """Of the server that the tests use."""
    given = os.environ.get("DATABASE_URL")
    if given is None:
        whole = EmbeddedPostgres(settings.DATABASES["default"]["EMBEDDED_HOME"]).url(database)
        return whole.replace("postgres@", f"{user}@") if user else whole
    parts = urlsplit(given)
    host = parts.netloc.rpartition("@")[2]
    place = f"{user}:{PASSWORD}@{host}" if user else parts.netloc
    return parts._replace(netloc=place, path=f"/{database}").geturl()


def as_superuser(*statements: str) -> None:
    with psycopg.connect(url("postgres"), autocommit=True) as session:
        for statement in statements:
            session.execute(
                sql.SQL(statement).format(
                    name=sql.Identifier(NAME),
                    owner=sql.Identifier(OWNER),
                    site=sql.Identifier(SITE),
                    password=sql.Literal(PASSWORD),
                )
            )


DROP = (
    "DROP DATABASE IF EXISTS {name} WITH (FORCE)",
    "DROP ROLE IF EXISTS {owner}",
    "DROP ROLE IF EXISTS {site}",
)


@pytest.fixture(scope="module")
def as_site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database that one role has migrated, used by this process as another."""
    as_superuser(
        *DROP,
        "CREATE ROLE {owner} LOGIN PASSWORD {password}",
        "CREATE ROLE {site} LOGIN PASSWORD {password}",
        "CREATE DATABASE {name} OWNER {owner}",
    )
    manage("migrate", "--verbosity=0", url=url(NAME, OWNER))
    manage("grant_database_role", SITE, url=url(NAME, OWNER))
    try:
        with django_db_blocker.unblock(), django_uses(url(NAME, SITE)):
            yield
    finally:
        as_superuser(*DROP)


@pytest.mark.usefixtures("as_site")
def test_a_campaign_is_imported_launched_sent_audited_and_erased(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    task = TaskFactory(status="queued")
    task.services.add(make_service())
    import_contacts(BytesIO(b"email,name\nada@example.com,Ada\nbob@example.com,Bob\n"), task.owner)
    launch.expand(task.pk)
    dispatch(nothing_left)
    assert maintenance.run_maintenance()
    said = StringIO()
    call_command("audit_dispatch", stdout=said)
    assert {line.split()[0] for line in said.getvalue().splitlines()} == {"ok"}
    assert list(SubTask.objects.values_list("status", flat=True)) == ["sent", "sent"]
    erasure.erase("ada@example.com")
    assert Contact.objects.count() == 1


def role_errors() -> list[str]:
    found = run_checks(databases=["default"], include_deployment_checks=True)
    return [each.id for each in found if each.id == "edm.E009"]


@pytest.mark.django_db
def test_the_deployment_check_refuses_a_superuser() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (True,)
    assert role_errors() == ["edm.E009"]


NOT_NEEDED = (
    "CREATE TABLE mine (id int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "DROP TABLE campaigns_contact",
    "ALTER TABLE campaigns_contact ADD COLUMN mine int",
    "ALTER TABLE campaigns_subtask DISABLE TRIGGER ALL",
    "TRUNCATE dispatch_attempt",
    "CREATE TRIGGER mine AFTER INSERT ON auth_user EXECUTE FUNCTION mine()",
    "DELETE FROM django_migrations",
    "COPY auth_user TO PROGRAM 'cat'",
    "SET ROLE {owner}",
    "CREATE ROLE mine SUPERUSER",
    "SELECT setval(pg_get_serial_sequence('auth_user', 'id'), 1)",
)


@pytest.mark.usefixtures("as_site")
def test_what_the_site_does_not_need_it_may_not() -> None:
    refused = "permission denied|must be owner|must be able to|only roles"
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (SITE,)
        for statement in NOT_NEEDED:
            with pytest.raises(DatabaseError, match=refused):
                cursor.execute(statement.format(owner=f'"{OWNER}"'))
    assert role_errors() == []


@pytest.mark.django_db
def test_a_role_that_may_do_everything_is_refused() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (name,) = cursor.fetchone()
    with pytest.raises(CommandError, match="Make another one"):
        call_command("grant_database_role", name)
