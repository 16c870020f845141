"""Running the model in a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from dispatch.engine import dispatcher
from tests.model.laboratory import StoppedClock, laboratory


@pytest.fixture
def clock(
    transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StoppedClock]:
    """The stopped database clock; and no dispatcher waits by the host's."""
    settings.RETRY_DELAYS_SECONDS = [60, 300]
    settings.FREEZE_SECONDS = 5
    monkeypatch.setattr(dispatcher, "DATABASE_RETRY_SECONDS", 0)
    monkeypatch.setattr(dispatcher, "STOP_SECONDS", 0)
    with laboratory() as stopped:
        yield stopped
