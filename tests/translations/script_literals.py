"""Finds what scripts say themselves. What they say comes from the page, which has it translated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.translations.extract import ROOT, product_files
from tests.translations.literals import Literal, is_prose

COMMENTS = re.compile(r"/\*.*?\*/|(?<![:\\\"'`])//[^\n]*", re.DOTALL)
STRINGS = re.compile(r'"([^"\n]*)"|\'([^\'\n]*)\'|`([^`]*)`')
SHOWN = re.compile(
    r"""(?:(?:textContent|innerText|title|placeholder|ariaLabel|alt)\s*[=:]\s*|\b(?:alert|confirm|prompt|Option)\(\s*"""
    r"""|["'](?:aria-[a-z]+|title|alt|placeholder)["'],\s*)["'`](?!true|false)([^"'`\n]*[^\W\d_]{2}[^"'`\n]*)["'`]"""
)
"""Where every text is read."""
NOT_PROSE = re.compile(
    r"[#>\[\]=]|use strict|^[a-z]+( [a-z]+:[a-z]+)+$|^([a-z]+, )+[a-z]+$|^\.[a-z-]+ |\$\{.*\}[?&/]"
)
"""Selectors, addresses and lists of events."""


def literals() -> Iterator[Literal]:
    for path in product_files(".js"):
        yield from found_in(path.read_text("utf-8"), path.relative_to(ROOT))


def found_in(source: str, where: Path) -> Iterator[Literal]:
    code = COMMENTS.sub(lambda found: "\n" * found.group().count("\n"), source)
    shown = {(found.start(1), found[1]) for found in SHOWN.finditer(code)}
    said = {
        (found.start(), "".join(filter(None, found.groups()))) for found in STRINGS.finditer(code)
    }
    prose = {(at, text) for at, text in said if is_prose(text) and not NOT_PROSE.search(text)}
    texts = {text for _, text in shown}
    for at, text in sorted(shown | {each for each in prose if each[1] not in texts}):
        yield Literal(where.as_posix(), code.count("\n", 0, at) + 1, text, is_shown=True)
