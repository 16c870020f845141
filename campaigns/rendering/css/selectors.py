"""Selectors of a style sheet: which can be decided from a mail's source, and which only by the
program that shows it (`:hover`), and what matches at least the elements of those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, NamedTuple

from tinycss2 import serialize

Node = Any
"""A component value of tinycss2, which has no types."""

_ATTRIBUTE = re.compile(
    r"""\s*[\w-]+\s*(?:[~|^$*]?=\s*(?:[\w-]+|"[^"\\]*"|'[^'\\]*')\s*(?:\s[iIsS]\s*)?)?\Z"""
)
_PLACES = frozenset(
    [
        "first-child",
        "last-child",
        "only-child",
        "first-of-type",
        "last-of-type",
        "only-of-type",
        "empty",
    ]
)
_COUNTED = frozenset(["nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type"])
_AN_PLUS_B = re.compile(r"\s*(?:odd|even|[+-]?\d+|[+-]?\d*n(?:\s*[+-]\s*\d+)?)\s*\Z", re.IGNORECASE)
_ALWAYS_KNOWN = frozenset({"root", "link", "any-link"})
_STATES = frozenset(
    ["hover", "focus", "active", "visited", "target", "focus-within", "focus-visible", "checked"]
)
_FUNCTIONS = frozenset({"not", "is", "where", "has", "lang", "dir", *_COUNTED})
_OLD_BOXES = frozenset({"before", "after", "first-line", "first-letter"})
_NO_SUCH_NAME = ":not(edm-none)"
_NO_SUCH_CLASS = ":not(.edm-none)"
_NO_SUCH_ID = ":not(#edm-none)"
"""Match every element, and count in specificity as a name, a class and an id do."""


class Kind(Enum):
    KNOWN = "the source says what it matches"
    STATE = "matches in some state of the program that shows the mail"
    BOX = "matches no element but a pseudo-element"
    OTHER = "not understood, or not by every program"


class Selector(NamedTuple):
    """One selector of a list. `text` matches what it can match at most, with its specificity."""

    kind: Kind
    text: str
    is_universal: bool = False
    """Whether it names nothing, so that it matches any element."""
    depends_on_order: bool = False
    """Whether the elements beside an element decide, so that Liquid can change what it matches."""
    in_any_order: str = ""
    """The same, without conditions on neighbouring elements."""


def read_selectors(prelude: Sequence[Node]) -> list[Selector]:
    """Those of a list; of one that browsers take for invalid, all are of the kind OTHER."""
    selectors = [_Reader(nodes).selector() for nodes in _split(prelude)]
    if any(selector.kind is Kind.OTHER for selector in selectors):
        return [selector._replace(kind=Kind.OTHER) for selector in selectors]
    return selectors


def _split(nodes: Sequence[Node]) -> Iterator[list[Node]]:
    part: list[Node] = []
    for node in nodes:
        if node == ",":
            yield part
            part = []
        elif node.type != "comment":
            part.append(node)
    yield part


class _Reader:
    """Reads one selector from left to right."""

    def __init__(self, nodes: list[Node]) -> None:
        while nodes and nodes[0].type == "whitespace":
            nodes = nodes[1:]
        while nodes and nodes[-1].type == "whitespace":
            nodes = nodes[:-1]
        self._nodes = nodes
        self._at = 0
        self._kind = Kind.KNOWN
        self._parts: list[str] = []
        self._starts_compound = True
        self._is_universal = True
        self._depends_on_order = False
        self._any_order: list[str] = []
        self._compound: list[str] = []
        self._carried = ""

    def selector(self) -> Selector:
        while self._at < len(self._nodes):
            self._read(self._next())
        if self._starts_compound:
            self._kind = Kind.OTHER
        return Selector(
            self._kind,
            "".join(self._parts),
            self._is_universal,
            self._depends_on_order,
            "".join([*self._any_order, *self._compound, self._carried]),
        )

    def _next(self) -> Node:
        """The node here, None at the end."""
        self._at += 1
        return self._nodes[self._at - 1] if self._at <= len(self._nodes) else None

    def _read(self, node: Node) -> None:
        match node.type:
            case "whitespace":
                self._combine(" ")
            case "ident":
                self._name(serialize([node]), names_something=True)
            case "hash" if node.is_identifier:
                self._simple(serialize([node]))
            case "[] block":
                self._attribute(node)
            case "literal":
                self._literal(node.value)
            case _:
                self._kind = Kind.OTHER

    def _literal(self, value: str) -> None:
        if value == "*":
            self._name("*", names_something=False)
        elif value in (">", "+", "~"):
            self._combine(value)
        elif value == "." and (name := self._next()) is not None and name.type == "ident":
            self._simple("." + serialize([name]))
        elif value == ":" and (name := self._next()) is not None:
            self._pseudo(name)
        else:
            self._kind = Kind.OTHER

    def _simple(self, text: str, *, names_something: bool = True, is_place: bool = False) -> None:
        texts = [text]
        if self._starts_compound:
            self._begin_compound()
            texts = ["*", text] if text.startswith(":") else texts  # some parsers want a name
        self._starts_compound = False
        self._is_universal &= not names_something
        self._depends_on_order |= is_place
        self._parts += texts
        self._compound += [*texts[:-1], _NO_SUCH_CLASS if is_place else text]

    def _begin_compound(self) -> None:
        """Of what has to stand beside, only the specificity is carried over."""
        combinator = self._parts[-1] if self._parts else ""
        if combinator in ("+", "~"):
            self._carried += "".join(map(_stand_in, self._compound))
        else:
            self._any_order += [*self._compound, self._carried, combinator]
            self._carried = ""
        self._compound = []

    def _name(self, text: str, *, names_something: bool) -> None:
        if not self._starts_compound:
            self._kind = Kind.OTHER
        self._simple(text, names_something=names_something)

    def _combine(self, combinator: str) -> None:
        """White space around another combinator is not a combinator."""
        before = self._parts[-1] if self._parts else ""
        if before == " " and combinator != " ":
            self._parts[-1] = combinator
        elif self._starts_compound and combinator != " ":
            self._kind = Kind.OTHER
        elif not self._starts_compound:
            self._parts.append(combinator)
        self._starts_compound = True
        self._depends_on_order |= combinator in ("+", "~")

    def _attribute(self, block: Node) -> None:
        text = serialize(block.content)
        if not _ATTRIBUTE.match(text):
            self._kind = Kind.OTHER
        elif text.split("=")[0].strip("~|^$* \t\n").lower() == "style":
            self._undecided(_NO_SUCH_CLASS)  # inlining changes what it would match
        else:
            self._simple(f"[{text}]")

    def _pseudo(self, node: Node) -> None:
        if node == ":":
            self._box(self._next())
        elif node.type == "ident":
            self._pseudo_class(node.lower_value)
        elif node.type == "function":
            self._function(node)
        else:
            self._kind = Kind.OTHER

    def _box(self, name: Node) -> None:
        known = name is not None and name.type == "ident" and self._kind is not Kind.OTHER
        self._kind = Kind.BOX if known else Kind.OTHER
        self._starts_compound = False

    def _pseudo_class(self, name: str) -> None:
        if name in _OLD_BOXES:
            self._kind = Kind.BOX if self._kind is not Kind.OTHER else Kind.OTHER
            self._starts_compound = False
        elif name in _PLACES or name in _ALWAYS_KNOWN:
            self._simple(f":{name}", is_place=name in _PLACES)
        else:
            self._undecided(_NO_SUCH_CLASS, is_state=name in _STATES)

    def _function(self, node: Node) -> None:
        name, arguments = node.lower_name, serialize(node.arguments)
        if name in _COUNTED and _AN_PLUS_B.match(arguments):
            self._simple(f":{name}({arguments})", is_place=True)
            return
        inner = _Reader(node.arguments).selector() if name == "not" else None
        if inner and inner.kind is Kind.KNOWN and not re.search(r"[\s>+~,*]", arguments.strip()):
            self._simple(f":not({arguments.strip()})", is_place=inner.depends_on_order)
        elif name == "where":
            self._undecided(_NO_SUCH_NAME)
        else:
            stand_in = _NO_SUCH_ID if "#" in arguments else _NO_SUCH_CLASS
            self._undecided(stand_in, is_state=name in _FUNCTIONS)

    def _undecided(self, stand_in: str, *, is_state: bool = True) -> None:
        """Take every element for matching it."""
        if self._kind is Kind.KNOWN:
            self._kind = Kind.STATE
        if not is_state and self._kind is not Kind.BOX:
            self._kind = Kind.OTHER
        self._simple(stand_in)


def _stand_in(simple: str) -> str:
    """What matches everything, with the specificity of a simple selector."""
    if simple == "*":
        return ""
    if simple[0] not in ".[:#":
        return _NO_SUCH_NAME
    return _NO_SUCH_ID if "#" in simple else _NO_SUCH_CLASS
