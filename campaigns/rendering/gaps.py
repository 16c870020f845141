"""A template as python-liquid parses it, split into fixed stretches and gaps. Runs in a worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from django.utils.translation import gettext
from liquid import Node, RenderContext, Token
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import (
    BooleanExpression,
    FilteredExpression,
    Path,
    PositionalArgument,
    StringLiteral,
)
from liquid.builtin.expressions.logical import NeExpression
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.exceptions import OutputStreamLimitError
from liquid.output import LimitedStringIO

from campaigns.rendering.liquid import environment
from campaigns.rendering.precompiled import MAX_VALUE, Gap, Lookup, Section

# Names that python-liquid knows though no variable has them.
_BUILT_IN = frozenset({"now", "today", "partial"})


class GapTemplate:
    """Renders what goes in the gaps, for one recipient after another."""

    def __init__(self, source: str, *, escape: bool) -> None:
        """`escape` says that values are escaped for HTML. Raises Problem."""
        template = environment.parse(source, escape=escape)
        self._nodes = template.nodes
        self.fixed = list(_fixed(template.nodes))
        for stretch in self.fixed:
            _check_encodable(stretch)
        self._template = type(template)(template.env, list(map(_recorded, template.nodes)))

    @property
    def gaps(self) -> list[Gap] | None:
        """None unless all of them can be filled without Liquid."""
        nodes = [node for node in self._nodes if not isinstance(node, ContentNode)]
        gaps = [gap for node in nodes if (gap := _lookup(node) or _section(node)) is not None]
        return gaps if len(gaps) == len(nodes) else None

    def fill(self, variables: Mapping[str, Any]) -> list[str]:
        """The texts for the gaps. Undefined variables come out empty. Raises Problem for every
        error in the template."""
        template, recorder = self._template, _Recorder()
        with environment.problems():
            values = template.make_globals(dict(variables))
            context = template.context_class(template, globals=values)
            template.render_with_context(context, recorder)
        return recorder.values


class _Recorder(LimitedStringIO):
    """Keeps what is written into each gap; what is fixed only counts."""

    def __init__(self) -> None:
        # Line ends are kept as they are; python-liquid's own buffer would change them.
        super().__init__(limit=environment.MAX_OUTPUT, newline="")
        self.values: list[str] = []

    def pass_over(self, size: int) -> None:
        self.size += size
        if self.size > self.limit:
            raise OutputStreamLimitError(gettext("what comes out is too long"), token=None)

    def end_gap(self) -> None:
        self.values.append(self.getvalue())
        self.seek(0)
        self.truncate()


class _Passed(Node):
    """Stands for a fixed stretch."""

    __slots__ = ("size",)

    def __init__(self, token: Token, size: int) -> None:
        super().__init__(token)
        self.size = size

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        assert isinstance(buffer, _Recorder)
        buffer.pass_over(self.size)
        return self.size


class _Gap(Node):
    """A node that is rendered."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        super().__init__(node.token)
        self.node = node

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        assert isinstance(buffer, _Recorder)
        count = self.node.render(context, buffer)
        buffer.end_gap()
        return count


def _recorded(node: Node) -> Node:
    if isinstance(node, ContentNode):
        return _Passed(node.token, len(node.text.encode("utf-8")))
    return _Gap(node)


def _fixed(nodes: Sequence[Node]) -> Iterator[str]:
    """The stretches before, between and after the gaps, empty ones included."""
    stretch: list[str] = []
    for node in nodes:
        if isinstance(node, ContentNode):
            stretch.append(node.text)
        else:
            yield "".join(stretch)
            stretch = []
    yield "".join(stretch)


def _check_encodable(text: str) -> None:
    with environment.problems():
        text.encode("utf-8")


def _section(node: Node) -> Section | None:
    if not isinstance(node, IfNode) or node.alternatives or node.default:
        return None
    name = _compared_with_nothing(node.condition)
    nodes = node.consequence.nodes
    lookups = [_lookup(inner) for inner in nodes if not isinstance(inner, ContentNode)]
    if name is None or node.blank or None in lookups:
        return None
    return Section(name, tuple(_fixed(nodes)), tuple(filter(None, lookups)))


def _compared_with_nothing(condition: object) -> str | None:
    """The variable's name in `name != ""`."""
    expression = condition.expression if isinstance(condition, BooleanExpression) else None
    if not isinstance(expression, NeExpression) or not isinstance(expression.left, Path):
        return None
    match expression.left.path, expression.right:
        case [[str(name)], StringLiteral(value="")] if name not in _BUILT_IN:
            return name
    return None


def _lookup(node: Node) -> Lookup | None:
    expression = node.expression if isinstance(node, OutputNode) else None
    if not isinstance(expression, FilteredExpression) or not isinstance(expression.left, Path):
        return None
    name, *keys = expression.left.path
    default = _default(expression)
    if default is None or not isinstance(name, str) or name in _BUILT_IN:
        return None
    plain = tuple(key for key in keys if isinstance(key, (str, int)))
    return Lookup(name, plain, default) if len(plain) == len(keys) else None


def _default(expression: FilteredExpression) -> str | None:
    """What comes out in place of nothing; None for other filters than that."""
    match expression.filters or []:
        case []:
            return ""
        case [default] if default.name == "default":
            match default.args:
                case [PositionalArgument(value=StringLiteral(value=text))]:
                    return text if len(text) <= MAX_VALUE else None
    return None
