"""The rules of a style sheet, in order, and where in it their declarations end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext
from tinycss2 import parse_component_value_list, serialize

from campaigns.rendering.css.selectors import Kind, Node, Selector, read_selectors
from campaigns.rendering.liquid.environment import Problem

_LINE_END = re.compile(r"\r\n|[\r\n\f]")
_PROPERTY = re.compile(r"--[\w-]+|-?[a-z][a-z0-9-]*", re.ASCII | re.IGNORECASE)
_WITH_RULES = frozenset({"media", "supports", "container", "scope", "document", "-moz-document"})
"""At-rules whose rules apply under a condition. What layers have gives way to all else anyway."""
_BLANK = ("whitespace", "comment")


class Declaration(NamedTuple):
    """One of a rule, or what a style attribute has in its place ("" is its name then)."""

    name: str
    value: str
    important: bool
    end: int
    """Where its value ends in the sheet."""

    def __str__(self) -> str:
        mark = " !important" if self.important else ""
        return f"{self.name}: {self.value}{mark}" if self.name else self.value

    @property
    def can_be_inlined(self) -> bool:
        """Braces could come out as Liquid."""
        return bool(self.name and self.value) and not re.search(r"[{}\0]", self.value)


@dataclass(frozen=True, slots=True)
class StyleRule:
    selectors: list[Selector]
    declarations: list[Declaration]
    is_conditional: bool


class _Token(NamedTuple):
    node: Node
    end: int


def read_rules(css: str) -> list[StyleRule]:
    """Raises Problem for what the parser cannot read."""
    return list(_Reader(css).rules())


def read_declarations(style: str) -> list[Declaration]:
    """The declarations of a style attribute, including invalid ones. Raises Problem."""
    reader = _Reader(style)
    found = (each._replace(end=0) for each in reader.declarations(reader.tokens))
    return [each for each in found if each.name or each.value]


class _Reader:
    def __init__(self, css: str) -> None:
        self._lines = [0, *(found.end() for found in _LINE_END.finditer(css))]
        self._css = css
        try:
            nodes = parse_component_value_list(css)
        except ValueError as error:
            raise Problem(gettext("has a number of thousands of digits in its CSS")) from error
        self.tokens = self._tokens(nodes, len(css))

    def _tokens(self, nodes: Sequence[Node], end: int) -> list[_Token]:
        """The parser gives the start of each token; it ends where the next one starts."""
        starts = [self._lines[node.source_line - 1] + node.source_column - 1 for node in nodes]
        return list(map(_Token, nodes, [*starts[1:], end]))

    def _inside(self, block: _Token) -> list[_Token]:
        is_closed = self._css[block.end - 1] == "}"
        return self._tokens(block.node.content, block.end - is_closed)

    def rules(self) -> Iterator[StyleRule]:
        return self._rules(self.tokens, is_conditional=False)

    def _rules(self, tokens: list[_Token], *, is_conditional: bool) -> Iterator[StyleRule]:
        prelude: list[Node] = []
        for token in tokens:
            node = token.node
            if node.type == "{} block":
                yield from self._rule(prelude, token, is_conditional=is_conditional)
                prelude = []
            elif node == ";" and prelude and prelude[0].type == "at-keyword":
                prelude = []
            elif prelude or not (node.type in _BLANK or node in ("<!--", "-->")):
                prelude.append(node)

    def _rule(
        self, prelude: list[Node], block: _Token, *, is_conditional: bool
    ) -> Iterator[StyleRule]:
        if not prelude or prelude[0].type != "at-keyword":
            inside = self._inside(block)
            selectors = read_selectors(prelude)
            if any(token.node.type == "{} block" for token in inside):
                # Few programs know rules within rules: both stay where they are.
                selectors = [each._replace(kind=Kind.OTHER) for each in selectors]
            declarations = [each for each in self.declarations(inside) if each.name]
            yield StyleRule(selectors, declarations, is_conditional)
        elif prelude[0].lower_value in _WITH_RULES:
            yield from self._rules(self._inside(block), is_conditional=True)

    def declarations(self, tokens: list[_Token]) -> Iterator[Declaration]:
        """What is between semicolons, in rules within a rule, too."""
        part: list[_Token] = []
        for token in tokens:
            if token.node == ";":
                yield _declaration(part)
                part = []
            elif token.node.type == "{} block" and not _is_custom(part):
                yield from self.declarations(self._inside(token))
                part = []
            else:
                part.append(token)
        yield _declaration(part)


def _is_custom(part: list[_Token]) -> bool:
    first = next((token.node for token in part if token.node.type not in _BLANK), None)
    return first is not None and first.type == "ident" and first.value.startswith("--")


def _declaration(part: list[_Token]) -> Declaration:
    while part and part[-1].node.type in _BLANK:
        part = part[:-1]
    end = part[-1].end if part else 0
    nodes = [token.node for token in part if token.node.type != "comment"]
    source = serialize(nodes).strip()
    bare = [at for at, node in enumerate(nodes) if node.type != "whitespace"]
    if len(bare) < 3 or nodes[bare[0]].type != "ident" or nodes[bare[1]] != ":":
        return Declaration("", source, False, end)
    name, important, last = nodes[bare[0]].value, False, len(nodes)
    if nodes[bare[-2]] == "!" and getattr(nodes[bare[-1]], "lower_value", "") == "important":
        important, last = True, bare[-2]
    value = nodes[bare[1] + 1 : last]
    if not _PROPERTY.fullmatch(name) or any(node.type == "error" for node in value):
        return Declaration("", source, False, end)
    name = name if name.startswith("--") else name.lower()
    return Declaration(name, _quoted_once(serialize(value).strip()), important, end)


def _quoted_once(value: str) -> str:
    """With the quotation marks that need no reference in an attribute."""
    return value if "'" in value or "\\" in value else value.replace('"', "'")
