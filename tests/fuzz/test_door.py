"""The attack itself finds what it is there to find."""

from __future__ import annotations

import pytest

from sandbox import Failed
from tests.fuzz import door, readers
from tests.fuzz.door import Door, attack

SAMPLES = (b"ada@b.example, bob@b.example",)


@pytest.fixture(autouse=True)
def _some_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "SECONDS", 60.0)  # it ends with the first that is found


@pytest.mark.timeout(0)
def test_a_reader_that_is_slow_for_some_text_is_found() -> None:
    with pytest.raises(AssertionError, match="times as long|processor time"):
        attack(Door(readers.slow_for_blanks, SAMPLES))


@pytest.mark.timeout(0)
def test_a_reader_that_keeps_too_much_is_found() -> None:
    with pytest.raises(AssertionError, match="bytes at|of memory"):
        attack(Door(readers.keeps_too_much, SAMPLES))


@pytest.mark.timeout(0)
def test_a_reader_that_breaks_is_found() -> None:
    with pytest.raises(Failed, match="ZeroDivisionError"):
        attack(Door(readers.breaks_at_nul, SAMPLES))
