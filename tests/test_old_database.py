"""A database of before the first release is recognised by every command that would use it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import DjangoDbBlocker, Settings

from tests.devmail.test_ports import taken
from tests.faults.databases import django_uses
from tests.faults.programs import environment
from tests.security.test_database_role import url

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
NAME = f"{settings.DATABASES['default']['TEST']['NAME']}_old_{WORKER}"
WHAT_IT_IS = "was made before the first release and cannot be brought up to date"
WHAT_TO_DO = "In development run `make clean`"

# What its migrations were called, of each app in their order.
OLD = {
    "campaigns": """
        0001_initial 0002_initial 0003_tallies_and_storage 0004_lists 0005_task_resumed_at
        0006_no_index_of_task 0007_tracking 0008_suppression_list 0009_one_foreign_key
        0010_background_jobs 0011_suppress_domain 0012_precompiled_content 0013_consent_at_launch
    """,
    "dispatch": """
        0001_initial 0002_storage 0003_groups 0004_lists 0005_limits_on_pace 0006_figures
        0007_heartbeats_in_place 0008_turns_by_one_index 0009_bounce_mailboxes 0010_domain_reports
        0011_providers 0012_account_reports 0013_not_started 0014_letters_set_aside
        0015_winding_up 0016_webhook_keys_at_rest 0017_restored
    """,
    "tracking": """
        0001_initial 0002_storage_and_groups 0003_pause_baseline 0004_link_tally
        0005_bounded_by_strangers
    """,
    "signin": "0001_initial 0002_who_may_not_sign_in",
}


def on_the_server(*statements: str) -> None:
    with psycopg.connect(url("postgres"), autocommit=True) as session:
        for statement in statements:
            session.execute(statement)


def names_recorded() -> list[tuple[str, str]]:
    return list(MigrationRecorder(connection).applied_migrations())


@pytest.fixture
def old_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The URL of a database that holds the names of the old migrations; in use by this process."""
    drop = f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)'
    on_the_server(drop, f'CREATE DATABASE "{NAME}"')
    try:
        with django_db_blocker.unblock(), django_uses(url(NAME)):
            recorder = MigrationRecorder(connection)
            recorder.ensure_schema()
            for app, names in OLD.items():
                for name in names.split():
                    recorder.record_applied(app, name)
            yield url(NAME)
    finally:
        on_the_server(drop)


def refuse(command: str, **options: Any) -> None:
    with pytest.raises(SystemCheckError) as caught:
        call_command(command, **options)
    assert WHAT_IT_IS in str(caught.value)
    assert WHAT_TO_DO in str(caught.value)


@pytest.mark.usefixtures("old_database")
def test_the_check_tells_what_it_is_and_what_to_do() -> None:
    refuse("check", databases=["default"])


@pytest.mark.usefixtures("old_database")
def test_a_cluster_does_not_start_on_it() -> None:
    refuse("qcluster")


@pytest.mark.usefixtures("old_database")
def test_make_run_does_not_start_on_it(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    with taken() as port:
        monkeypatch.setenv("PORT", str(port))  # nobody has it a moment later
    settings.VAR_DIR = tmp_path
    refuse("run_local")


def test_migrate_stops_before_it_changes_anything(old_database: str) -> None:
    before = names_recorded()
    migrate = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=settings.BASE_DIR,
        env=environment(old_database),
        capture_output=True,
        text=True,
    )
    assert migrate.returncode == 1
    assert WHAT_IT_IS in migrate.stderr
    assert WHAT_TO_DO in migrate.stderr
    assert connection.introspection.table_names() == ["django_migrations"]
    assert names_recorded() == before


@pytest.mark.django_db
def test_a_database_of_today_is_not_taken_for_an_old_one() -> None:
    call_command("check", databases=["default"])
    assert ("campaigns", "0004_groups") in names_recorded()
