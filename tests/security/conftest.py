from __future__ import annotations

import pytest
from pytest_django import Settings

from campaigns.models import SubTask
from tests.tracking.making import from_launch, frozen
from tracking import rejected_requests


@pytest.fixture
def each_counts_at_once(settings: Settings) -> None:
    """Visits and refusals are counted when they come, not together a while later."""
    settings.SCANNER_SECONDS = 0
    rejected_requests._later.take()  # what tests before this one have left


@pytest.fixture
def subtask() -> SubTask:
    """A message of a campaign, with a link and a pixel."""
    return from_launch(frozen('<a href="https://example.com/a">x</a>', track_opens=True))
