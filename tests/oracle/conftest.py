from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.oracle.reference import Reference

ZONE = "Europe/Berlin"


@pytest.fixture(scope="session")
def ruby() -> Iterator[Reference]:
    with Reference(Path(__file__).parent / "reference.rb", zone=ZONE) as reference:
        yield reference


@pytest.fixture(autouse=True)
def zone(settings: Settings) -> None:
    """The site is where the reference is."""
    settings.TIME_ZONE = ZONE
