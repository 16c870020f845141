from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings
from hypothesis import settings

from sandbox import warm_up
from tests.dispatching import dispatch, make_service, smtp
from tracking import rejected_requests

__all__ = ["dispatch", "make_service", "smtp"]  # fixtures for every test

settings.register_profile("however slow the machine is", deadline=None)
settings.load_profile("however slow the machine is")


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
