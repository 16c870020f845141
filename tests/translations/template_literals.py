"""Finds what templates say past gettext: words between tags, and in the attributes that are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from django.template.base import DebugLexer, Token, TokenType

from tests.translations.extract import ROOT, product_files
from tests.translations.literals import Literal

READ = frozenset({"alt", "aria-description", "aria-label", "data-copied", "placeholder", "title"})
NOT_READ = frozenset({"script", "style"})
QUIET_TAGS = frozenset({
    "extends", "load", "static", "translate", "trans", "url", "csrf_token", "element", "slot", "block",
})  # fmt: skip
"""What stands in their quotes is a name or translated."""
LETTERS = re.compile(r"[^\W\d_]{2}")
QUOTED = re.compile(r"""(?<!_\()"([^"]*)"|(?<!_\()'([^']*)'""")
SPOKEN = re.compile(r"^[A-Z][a-z]+\b|[a-z]{2} [a-z]{2}")
FILTERS = re.compile(r"\|(pluralize|yesno\b(?!:_))")
ENTITY = re.compile(r"&\w+;")


def literals() -> Iterator[Literal]:
    for path in product_files(".html", ".txt"):
        if "templates" in path.parts:
            yield from found_in(path.read_text("utf-8"), path.relative_to(ROOT))


def found_in(source: str, where: Path) -> Iterator[Literal]:
    reader = _Reader()
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
        elif token.token_type is not TokenType.COMMENT and name not in QUIET_TAGS:
            self._look_into(token)
        return "\n" * token.contents.count("\n")

    def _look_into(self, token: Token) -> None:
        quoted = ["".join(each) for each in QUOTED.findall(token.contents)]
        said = [each for each in quoted if SPOKEN.search(each) and "/" not in each]
        glued = [each.group() for each in FILTERS.finditer(token.contents)]
        self.found += [(token.lineno or 0, each) for each in said + glued]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[int, str]] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs).get("class") or ""
        self._inside = tag if tag in NOT_READ or "material-symbols" in names else ""
        button = tag == "input" and ("type", "submit") in attrs
        for name, value in attrs:
            if (name in READ or (button and name == "value")) and LETTERS.search(value or ""):
                self._keep(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if not self._inside and LETTERS.search(ENTITY.sub("", data)):
            self._keep(data)

    def _keep(self, text: str) -> None:
        self.found.append((self.getpos()[0], " ".join(text.split())))
