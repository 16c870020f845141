from __future__ import annotations

import pytest
from pytest_django import Settings

from tracking.links import destinations


@pytest.fixture(autouse=True)
def scanners_are_not_looked_for(settings: Settings) -> None:
    """Events count at once and each by itself, except in the tests that are about this."""
    settings.SCANNER_SECONDS = 0


@pytest.fixture(autouse=True)
def no_destinations_are_known() -> None:
    """Keys come again when a test's transaction is rolled back."""
    destinations._link.cache_clear()
