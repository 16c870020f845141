"""Templates as they are written in the world: those in tests/data/templates, and the samples that
staff start from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from campaigns.rendering.content import compile_mjml

PROJECT = Path(__file__).parents[1]
FOLDERS = (PROJECT / "tests" / "data" / "templates", PROJECT / "campaigns" / "starters")
FILES = {
    path.name: path
    for folder in FOLDERS
    for path in sorted(folder.iterdir())
    if path.suffix in (".html", ".mjml")
}
MJML = [name for name in FILES if name.endswith(".mjml")]
VALUES: dict[str, Any] = {
    "name": "Ada <Lovelace> & 愛",
    "first_name": "Ada",
    "email": "ada@example.com",
    "slug": "spring",
    "vip": True,
    "items": [
        {"name": "Tea & cake", "price": 9.9},
        {"name": "抹茶", "price": "24"},
        {"name": "שוקו", "price": 1234.5},
    ],
    "unsubscribe_url": "https://news.example.com/u/abc",
    "web_view_url": "https://news.example.com/w/abc",
    "preferences_url": "https://news.example.com/p/abc",
}


def html_of(name: str) -> str:
    """The template's HTML, made of its MJML where it is written in that."""
    source = FILES[name].read_text("utf-8")
    return compile_mjml(source) if name in MJML else source
