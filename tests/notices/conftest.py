from __future__ import annotations

import pytest
from pytest_django import Settings

from notices import looking


@pytest.fixture(autouse=True)
def looking_has_begun(settings: Settings, db: None) -> None:
    """System mail is set up, and what is older than the test is not told."""
    settings.EMAIL_HOST, settings.DEFAULT_FROM_EMAIL = "smtp.example.com", "EDM <edm@example.com>"
    looking.look_now()
