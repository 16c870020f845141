"""Code, pages and docs name people and things instead of saying "whoever" or "whatever"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
KINDS = {".py", ".html", ".txt", ".md", ".js", ".css", ".toml", ".example"}
NAMES = {"Makefile", "Procfile"}
APPS = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
PLACES = [*(app for app in APPS if app != "tests"), "docs", "templates", "."]

VAGUE = re.compile(
    r"""
    (?<!["`])  # "nobody" in quotes is a value of REQUIRE_SECOND_FACTOR
    \b(?: [Ww]hoever | [Nn]obody | [Ss]omebody | [Ww]hatever )\b
    """,
    re.VERBOSE,
)


def texts(place: str) -> Iterator[Path]:
    """The files with text of a folder; of the repository's root, only those in it."""
    paths = ROOT.glob("*") if place == "." else ROOT.joinpath(place).rglob("*")
    return (path for path in paths if path.suffix in KINDS or path.name in NAMES)


def vague(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if VAGUE.search(line)]


@pytest.mark.parametrize("place", PLACES)
def test_no_text_says_whoever_nobody_somebody_or_whatever(place: str) -> None:
    read = {path.relative_to(ROOT): vague(path.read_text()) for path in texts(place)}
    assert read
    assert {path: lines for path, lines in read.items() if lines} == {}


def test_a_vague_line_is_found_and_the_value_of_a_setting_is_not() -> None:
    text = "# Nobody waits.\nCHOICES = ('a', \"nobody\")\nas whoever runs it\nanybody\n"
    assert vague(text) == ["# Nobody waits.", "as whoever runs it"]
