"""MJML says the same as what its reference implementation makes of it.

tests/data/mjml_reference.json is what version 4.18 makes, written by tests/oracle/mjml_reference.js.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.template_corpus import html_of

_DATA = Path(__file__).parents[2] / "data" / "mjml_reference.json"
REFERENCE: dict[str, dict[str, Any]] = json.loads(_DATA.read_text("utf-8"))


ICONS = "http://localhost:8000/static/edm/icons/"
SOCIAL = "https://www.mailjet.com/images/theme/v1/icons/ico-social/"
OTHERS = {
    "https://i.imgur.com/bIXv1bk.png": f"{ICONS}open.png",
    "https://i.imgur.com/w4uTygT.png": f"{ICONS}close.png",
}


def on_this_site(picture: str) -> str:
    """Icons are served by the site, and not by those of MJML."""
    return OTHERS.get(picture, picture.replace(SOCIAL, ICONS))


def seen(name: str) -> str:
    html = html_of(name)
    return re.sub(r"<!--.*?-->", " ", html[html.index("<body") :], flags=re.DOTALL)


@pytest.mark.parametrize("name", REFERENCE)
def test_the_words_are_the_same(name: str) -> None:
    words = re.sub(r"<[^>]*>", " ", seen(name)).split()
    assert "".join(words) == "".join(REFERENCE[name]["words"])


@pytest.mark.parametrize("name", REFERENCE)
def test_the_links_and_pictures_are_the_same(name: str) -> None:
    assert re.findall(r'<a\b[^>]*?href="([^"]*)"', seen(name)) == REFERENCE[name]["links"]
    expected = [on_this_site(each) for each in REFERENCE[name]["pictures"]]
    assert re.findall(r'<img\b[^>]*?src="([^"]*)"', seen(name)) == expected


@pytest.mark.parametrize("name", REFERENCE)
def test_the_columns_are_as_wide(name: str) -> None:
    widths = re.findall(r"mj-column-per-([0-9-]+)", seen(name))
    assert [width[:5] for width in widths] == REFERENCE[name]["columns"]
