from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from devmail.mailbox import Mailbox, default_path


@pytest.fixture(autouse=True)
def var_dir(settings: Settings, tmp_path: Path) -> Path:
    """No test touches what a developer's own `make run` keeps."""
    settings.VAR_DIR = tmp_path
    settings.DEBUG = True
    return tmp_path


@pytest.fixture
def mailbox(var_dir: Path) -> Iterator[Mailbox]:
    with Mailbox(default_path()) as mailbox:
        yield mailbox
