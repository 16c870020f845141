"""docs/glossary.md names what is there."""

from __future__ import annotations

import re
from pathlib import Path
from pkgutil import resolve_name

import pytest

GLOSSARY = (Path(__file__).parents[1] / "docs/glossary.md").read_text("utf-8")
NAMES = sorted(set(re.findall(r"`((?:[a-z]\w*\.)+\w+)`", GLOSSARY)))


def test_the_glossary_names_parts_of_the_product() -> None:
    assert len(NAMES) > 30


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_the_glossary_is_there(name: str) -> None:
    assert resolve_name(name) is not None
