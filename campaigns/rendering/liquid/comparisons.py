"""Which attributes a template compares with numbers, so that it can be said before a launch that
some are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext
from liquid import BoundTemplate, Node, Token
from liquid.builtin.expressions import (
    BooleanExpression,
    FilteredExpression,
    Path,
    StringLiteral,
)
from liquid.builtin.expressions.logical import (
    GeExpression,
    GtExpression,
    LeExpression,
    LtExpression,
)
from liquid.builtin.expressions.primitive import FloatLiteral, IntegerLiteral
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.expression import Expression

from campaigns.rendering.liquid import environment
from campaigns.rendering.liquid.numbers import FILTERS, number_in

Keys = tuple[str | int, ...]
_ORDER = (GeExpression, GtExpression, LeExpression, LtExpression)
_MAKE_NUMBERS = frozenset({*FILTERS, "size"})


class Compared(NamedTuple):
    """An attribute, or a part of one, that a template compares with a number by its size."""

    keys: Keys
    line: int


def compared_with_numbers(template: BoundTemplate, source: str) -> list[Compared]:
    """Raises Problem for a literal text that is not a number."""
    if not any(_may_compare(found) for found in environment.markup_in(source)):
        return []
    search = _Search(template, source)
    return [found for comparison in search.comparisons() for found in search.attributes(comparison)]


def _may_compare(markup: environment.Markup) -> bool:
    return bool(markup.tag) and ("<" in markup.text or ">" in markup.text)


class _Search:
    def __init__(self, template: BoundTemplate, source: str) -> None:
        self._source = source
        self._nodes = list(_nodes(template))
        found = template.analyze(include_partials=False)
        self._from_outside = {v.span.index for all_ in found.globals.values() for v in all_}
        self._assigned: dict[str, list[Expression]] = {}
        for node in self._nodes:
            if isinstance(node, AssignNode):
                self._assigned.setdefault(str(node.name), []).append(node.expression)

    def comparisons(self) -> Iterator[tuple[Expression, Expression]]:
        for node in self._nodes:
            for expression in node.expressions():
                if isinstance(expression, BooleanExpression):
                    yield from _compared(expression)

    def attributes(self, sides: tuple[Expression, Expression]) -> Iterator[Compared]:
        for side, other in (sides, sides[::-1]):
            if not self._is_number(other):
                continue
            if isinstance(side, StringLiteral):
                self._refuse_other_than_number(side, other)
            elif isinstance(side, Path) and (keys := self._keys(side)):
                yield Compared(keys, self._line(side.token))

    def _refuse_other_than_number(self, text: StringLiteral, other: Expression) -> None:
        if text.value.strip() and number_in(text.value) is None:
            what = gettext("“%(value)s” is no number and cannot be compared with %(other)s") % {
                "value": text.value[:50],
                "other": other,
            }
            raise environment.Problem(what, self._line(text.token))

    def _is_number(self, side: Expression) -> bool:
        if isinstance(side, IntegerLiteral | FloatLiteral):
            return True
        if not isinstance(side, Path):
            return False
        values = self._values(side)
        return side.path[0] == "forloop" or (bool(values) and all(map(_makes_number, values)))

    def _keys(self, path: Path) -> Keys | None:
        """Where the recipient's values have it, also if the template gave it another name."""
        if path.token.start_index not in self._from_outside:
            values = self._values(path)
            if len(values) != 1 or (renamed := _plain_path(values[0])) is None:
                return None
            path = renamed
        keys = tuple(key for key in path.path if isinstance(key, str | int))
        is_known = path.token.start_index in self._from_outside and len(keys) == len(path.path)
        return keys if is_known else None

    def _values(self, path: Path) -> list[Expression]:
        """What is assigned to the name that is the whole path."""
        match path.path:
            case [str(name)]:
                return self._assigned.get(name, [])
        return []

    def _line(self, token: Token) -> int:
        return environment.line_at(self._source, token.start_index)


def _nodes(template: BoundTemplate) -> Iterator[Node]:
    context = template.context_class(template)
    waiting = list(reversed(template.nodes))
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(list(node.children(context, include_partials=False))))


def _compared(expression: Expression) -> Iterator[tuple[Expression, Expression]]:
    waiting = [expression]
    while waiting:
        found = waiting.pop()
        if isinstance(found, _ORDER):
            yield found.left, found.right
        waiting.extend(found.children())


def _makes_number(value: Expression) -> bool:
    if not isinstance(value, FilteredExpression):
        return False
    if value.filters:
        return value.filters[-1].name in _MAKE_NUMBERS
    return isinstance(value.left, IntegerLiteral | FloatLiteral)


def _plain_path(value: Expression) -> Path | None:
    if isinstance(value, FilteredExpression) and isinstance(value.left, Path) and not value.filters:
        return value.left
    return None
