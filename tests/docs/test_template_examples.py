"""The examples of docs/how-to/write-a-template.md show what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.campaigns.rendering.by_liquid import by_liquid

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-template.md"
_ROW = re.compile(r"^\| `(.+?)` \| `(\{.*\})` \| `(.*)` \|$", re.MULTILINE)


def examples() -> list[tuple[str, str, str]]:
    text = PAGE.read_text("utf-8").partition("\n## Examples\n")[2].partition("\n## ")[0]
    return [
        (source.replace(r"\|", "|"), values, shown) for source, values, shown in _ROW.findall(text)
    ]


def test_there_are_many() -> None:
    assert len(examples()) > 20


@pytest.mark.parametrize(("source", "values", "shown"), examples())
def test_an_example_shows_what_it_says(source: str, values: str, shown: str) -> None:
    made = by_liquid(source, json.loads(values), escape=False)
    assert made.replace("\u00a0", " ") == shown
