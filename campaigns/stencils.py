"""A Liquid template split into what is the same for everybody and the gaps that are not.

What is fixed can be worked on once (encoded for the mail, say), and per recipient only the gaps are
filled. An output such as `{{ first_name | default: "friend" }}` is looked up here where its value
is a text or a number; whatever else there is (tags, other filters, other values) is python-liquid's
to render, with the bounds of `campaigns.liquid`. Both come to the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NamedTuple, TextIO

from liquid import Node, RenderContext, Token
from liquid import escape as escape_html
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, Path, PositionalArgument, StringLiteral
from liquid.builtin.output import OutputNode
from liquid.exceptions import OutputStreamLimitError
from liquid.output import LimitedStringIO

from campaigns import liquid

# Names that python-liquid knows though no variable has them.
_BUILT_IN = frozenset({"now", "today", "partial"})


@dataclass(frozen=True, slots=True)
class Pieces:
    """A rendered text in UTF-8: fixed[0], values[0], fixed[1], … fixed[-1]."""

    fixed: tuple[bytes, ...]
    values: Sequence[bytes]

    @classmethod
    def of(cls, text: str) -> Pieces:
        """A text of which nothing is known beforehand."""
        return cls((b"", b""), [text.encode("utf-8")])

    def __bool__(self) -> bool:
        return any(self.fixed) or any(self.values)

    def __bytes__(self) -> bytes:
        pairs = zip_longest(self.fixed, self.values, fillvalue=b"")
        return b"".join(piece for pair in pairs for piece in pair)

    def __str__(self) -> str:
        return bytes(self).decode("utf-8")


class Stencil:
    """A template to be filled in for one recipient after another, by any thread."""

    def __init__(self, source: str, *, escape: bool) -> None:
        """`escape` says that values are escaped for HTML. Raises Problem."""
        template = liquid.parse(source, escape=escape)
        gaps = [node for node in template.nodes if not isinstance(node, ContentNode)]
        self.fixed = tuple(_fixed(template.nodes))
        self._fixed_size = sum(map(len, self.fixed))
        self._escape: Callable[[str], str] = escape_html if escape else str
        self._get_item = RenderContext(template).get_item
        self._lookups = _lookups(gaps)
        self._template = type(template)(template.env, list(map(_recorded, template.nodes)))

    @property
    def trimmed(self) -> tuple[bytes, ...] | None:
        """What is fixed without the white space around it and with one line end; None if it depends
        on the values what there is to trim.
        """
        fixed = [stretch.decode("utf-8") for stretch in self.fixed]
        if not (fixed[0].strip() and fixed[-1].strip()):
            return None
        fixed[0] = fixed[0].lstrip()
        fixed[-1] = fixed[-1].rstrip() + "\n"
        return tuple(stretch.encode("utf-8") for stretch in fixed)

    def fill(self, variables: Mapping[str, Any]) -> Sequence[bytes]:
        """What goes in the gaps. Undefined variables come out empty. Raises Problem, whatever goes
        wrong in the template.
        """
        values = self._look_up(variables)
        return self._render(variables) if values is None else values

    def _look_up(self, variables: Mapping[str, Any]) -> list[bytes] | None:
        """None when it takes python-liquid to say what comes out, or what is wrong."""
        if self._lookups is None:
            return None
        values = []
        try:
            for name, keys, default in self._lookups:
                value = variables.get(name)
                if keys:
                    value = self._follow(value, keys)
                kind = type(value)
                if value is None or value == "":
                    values.append(default)
                elif kind is str and len(value) <= liquid.MAX_VALUE:
                    values.append(self._escape(value).encode("utf-8"))
                elif kind is int or kind is float:
                    values.append(str(value).encode("utf-8"))
                else:
                    return None
        except ValueError:  # a number too long to write, half a surrogate pair
            return None
        within_limit = self._fixed_size + sum(map(len, values)) <= liquid.MAX_OUTPUT
        return values if within_limit else None

    def _follow(self, value: object, keys: Sequence[object]) -> object:
        try:
            for key in keys:
                value = self._get_item(value, key)
        except (LookupError, TypeError):
            return None
        return value

    def _render(self, variables: Mapping[str, Any]) -> Sequence[bytes]:
        template, recorder = self._template, _Recorder()
        with liquid.problems():
            values = template.make_globals(dict(variables))
            context = template.context_class(template, globals=values)
            template.render_with_context(context, recorder)
        return recorder.values


class _Lookup(NamedTuple):
    """An output that is a variable, or a part of one, or else a default."""

    name: str
    keys: tuple[object, ...]
    default: bytes


class _Recorder(LimitedStringIO):
    """Keeps what is written into each gap; what is fixed only counts."""

    def __init__(self) -> None:
        # Line ends are kept as they are; python-liquid's own buffer would change them.
        super().__init__(limit=liquid.MAX_OUTPUT, newline="")
        self.values: list[bytes] = []

    def pass_over(self, size: int) -> None:
        self.size += size
        if self.size > self.limit:
            raise OutputStreamLimitError("output stream limit reached", token=None)

    def end_gap(self) -> None:
        self.values.append(self.getvalue().encode("utf-8"))
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
    return (
        _Passed(node.token, len(_encoded(node.text)))
        if isinstance(node, ContentNode)
        else _Gap(node)
    )


def _fixed(nodes: Sequence[Node]) -> Iterator[bytes]:
    """The stretches before, between and after the gaps, empty ones included."""
    stretch = b""
    for node in nodes:
        if isinstance(node, ContentNode):
            stretch += _encoded(node.text)
        else:
            yield stretch
            stretch = b""
    yield stretch


def _encoded(text: str) -> bytes:
    with liquid.problems():
        return text.encode("utf-8")


def _lookups(gaps: Sequence[Node]) -> list[_Lookup] | None:
    """None unless all gaps are plain outputs."""
    lookups = [lookup for gap in gaps if (lookup := _lookup(gap)) is not None]
    return lookups if len(lookups) == len(gaps) else None


def _lookup(node: Node) -> _Lookup | None:
    expression = node.expression if isinstance(node, OutputNode) else None
    if not isinstance(expression, FilteredExpression) or not isinstance(expression.left, Path):
        return None
    name, *keys = expression.left.path
    default = _default(expression)
    if default is None or not isinstance(name, str) or name in _BUILT_IN:
        return None
    if any(isinstance(key, Path) for key in keys):
        return None
    return _Lookup(name, tuple(keys), default)


def _default(expression: FilteredExpression) -> bytes | None:
    """What comes out in place of nothing; None for other filters than that."""
    match expression.filters or []:
        case []:
            return b""
        case [default] if default.name == "default":
            match default.args:
                case [PositionalArgument(value=StringLiteral(value=text))]:
                    return _encoded(text) if len(text) <= liquid.MAX_VALUE else None
    return None
