"""The pages that people read in the repository, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def without_fences(text: str) -> str:
    """The same number of lines, those of code left empty."""
    return FENCE.sub(lambda block: "\n" * block[0].count("\n"), text)


def code_spans(text: str) -> Iterator[str]:
    yield from re.findall(r"`([^`\n]+)`", without_fences(text))


def diagrams(text: str, kind: str) -> list[str]:
    """The Mermaid diagrams of a kind, such as `flowchart`."""
    blocks = (body for language, body in FENCE.findall(text) if language == "mermaid")
    return [body for body in blocks if body.startswith(kind)]


def arrows(diagram: str) -> set[tuple[str, str]]:
    """Its arrows, also of `a & b --> c & d`, without those from the start."""
    found = set()
    for line in diagram.splitlines():
        ends, _, _ = line.partition(":")
        start, arrow, end = ends.partition("-->")
        if arrow and start.strip() != "[*]":
            found |= {(a.strip(), b.strip()) for a in start.split("&") for b in end.split("&")}
    return found
