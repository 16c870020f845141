from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import override_settings
from hypothesis import settings
from pytest_django import DjangoDbBlocker

from sandbox import warm_up
from tests import template_database
from tests.dispatching import dispatch, make_service, smtp
from tracking import rejected_requests

__all__ = ["dispatch", "make_service", "smtp"]  # fixtures for every test

settings.register_profile("however slow the machine is", deadline=None)
settings.load_profile("however slow the machine is")


LONGEST = "tests/test_run.py"
"""Begun last, the other processes would have nothing to do meanwhile."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """The database of this process begins as a copy of one that is migrated."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = template_database.make()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Dropping the database of the tests waits for the disk, for as long as a busy one takes."""
    yield
    connection.settings_dict["SESSION"] |= {"statement_timeout": "0"}


@pytest.fixture(scope="session", autouse=True)
def workers() -> None:
    """Import what workers need now, not while a test's transaction or slot waits for it."""
    warm_up()


@pytest.fixture(scope="session", autouse=True)
def start_logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The dispatchers of tests write theirs in a directory of this session."""
    with override_settings(START_LOG_DIR=str(tmp_path_factory.mktemp("starts"))):
        yield


@pytest.fixture(autouse=True)
def no_refusals_are_still_to_be_counted() -> None:
    """What was counted in memory by the test before, whose database is gone."""
    rejected_requests.forget()
