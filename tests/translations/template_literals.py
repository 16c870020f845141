"""Finds what templates say past gettext: words between tags, and in the attributes that are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from django.template.base import DebugLexer, Token, TokenType

from tests.translations.extract import ROOT, product_files
from tests.translations.html_texts import Reader
from tests.translations.literals import Literal

QUIET_TAGS = frozenset({
    "extends", "load", "static", "translate", "trans", "url", "csrf_token", "element", "slot", "block",
})  # fmt: skip
"""What stands in their quotes is a name or translated."""
TRANSLATES = frozenset({"translate", "trans"})
QUOTED = re.compile(r"""(?<!_\()"([^"]*)"|(?<!_\()'([^']*)'""")
SPOKEN = re.compile(r"^[A-Z][a-z]+\b|[a-z]{2} [a-z]{2}")
GLUED = re.compile(r"\|(?:pluralize|yesno\b(?!:_))")
INSTEAD = re.compile(r"""\|default(?:_if_none)?:["']([^"']*[^\W\d_]{2}[^"']*)["']""")
"""What is shown where there is nothing."""
OWN_FORMAT = re.compile(r"""\|(?:date|time):["'](?!(?:\w+_FORMAT|c|T)["'])[^"']*["']""")
"""There is one format of dates; “c” is for programs, “T” is the zone."""
SAYING = re.compile(
    r"""\b(?:title|label|text|heading|description)=["']([^"'/]*[^\W\d_]{2}[^"'/]*)["']"""
)
"""What a template that is included, or a tag, is given to say."""


def literals() -> Iterator[Literal]:
    for path in product_files(".html", ".txt"):
        if "templates" in path.parts:
            yield from found_in(path.read_text("utf-8"), path.relative_to(ROOT))


def found_in(source: str, where: Path) -> Iterator[Literal]:
    reader = Reader()
    told = _Told()
    for token in DebugLexer(source).tokenize():
        reader.feed(told.without_tags(token))
    reader.close()
    for line, text in sorted([*reader.found, *told.found]):
        yield Literal(where.as_posix(), line, text)


class _Told:
    """Blanks out what is translated, or no text, and keeps the lines."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str]] = []
        self._until = ""

    def without_tags(self, token: Token) -> str:
        name = token.contents.split()[0] if token.contents.split() else ""
        if self._until:
            self._until = "" if name == self._until else self._until
        elif token.token_type is TokenType.BLOCK and name in ("blocktranslate", "blocktrans"):
            self._until = f"end{name}"
        elif token.token_type is TokenType.BLOCK and name == "comment":
            self._until = "endcomment"
        elif token.token_type is TokenType.TEXT:
            return token.contents
        elif token.token_type is not TokenType.COMMENT:
            self._look_into(token, name)
        return "\n" * token.contents.count("\n")

    def _look_into(self, token: Token, name: str) -> None:
        code = "" if name in TRANSLATES else token.contents
        quoted = ["".join(each) for each in QUOTED.findall(code if name not in QUIET_TAGS else "")]
        said = [each for each in quoted if SPOKEN.search(each) and "/" not in each]
        said += [each for each in SAYING.findall(code) + INSTEAD.findall(code) if each not in said]
        glued = [each.group() for wrong in (GLUED, OWN_FORMAT) for each in wrong.finditer(code)]
        self.found += [(token.lineno or 0, each) for each in said + glued]
