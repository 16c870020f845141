from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture
def maildir(tmp_path: Path, settings: Settings) -> Path:
    """The Maildir that mailboxes of the test are read from."""
    settings.BOUNCE_MAILDIRS = str(tmp_path)
    for name in ("new", "cur", "tmp"):
        (tmp_path / "bounces" / name).mkdir(parents=True)
    return tmp_path / "bounces"
