"""Liquid as templates may use it: no files, no includes, and a bound on all they can spend."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from liquid import BoundTemplate, Environment, RenderContext, Token
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.undefined import UNDEFINED

MAX_SOURCE = 1_000_000  # characters of one template
MAX_OUTPUT = 2_000_000  # bytes of one rendered part
MAX_VALUE = 500_000  # characters, items or bits of one value
MAX_LOCALS = 1_000_000  # bytes held by assign and capture
MAX_LOOPS = 10_000  # iterations, nested loops multiplied
MAX_SECONDS = 1.0

_CLOSING = {"{{": "}}", "{%": "%}"}
_END_OF_RAW = re.compile(r"\{%-?\s*endraw\s*-?%\}")

# What python-liquid's filters let through when they meet a value of a kind they did not expect.
_FILTER_FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)


class Problem(Exception):
    """What is wrong with a template or its rendering; `line` counts from 1, None when not known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class _LimitReached(LiquidError):
    """The template asked for more than it may spend."""


class _BoundedContext(RenderContext):
    """Stops at the deadline: looks at the clock wherever a variable is read or a filter applied.

    The loop limit counts iterations, not their cost: filters on long values inside a permitted loop
    could still run for minutes.
    """

    __slots__ = ("deadline",)

    def __init__(self, template: BoundTemplate, **kwargs: Any) -> None:
        super().__init__(template, **kwargs)
        self.deadline = time.monotonic() + MAX_SECONDS

    def get(
        self, path: list[object], *, token: Token | None, default: object = UNDEFINED
    ) -> object:
        self.refuse_overtime(token)
        return super().get(path, token=token, default=default)

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        self.refuse_overtime(token)
        apply = super().filter(name, token)

        def bounded(value: object, *args: Any, **kwargs: Any) -> object:
            if name == "date" and value in ("now", "today"):
                value = self._now(value)
            if _foreseen_size(name, value, args) > MAX_VALUE:
                raise _LimitReached(f"{name} would make a value that is too long", token=token)
            result = apply(value, *args, **kwargs)
            if _size(result) > MAX_VALUE:
                raise _LimitReached(f"{name} makes a value that is too long", token=token)
            return result

        return bounded

    def _now(self, word: object) -> object:
        """The time that was given along as a variable, so that a message comes out the same
        whenever it is rendered again; without one the word stands for the time that it is.
        """
        given = self.globals.get("now")
        return given if isinstance(given, dt.datetime) else word

    def refuse_overtime(self, token: Token | None) -> None:
        if time.monotonic() > self.deadline:
            raise _LimitReached(f"rendering takes longer than {MAX_SECONDS:g} s", token=token)


class _BoundedRange(RangeLiteral):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> range:
        values = super().evaluate(context)
        if len(values) > MAX_LOOPS:
            raise _LimitReached(f"a range is longer than {MAX_LOOPS:,}", token=self.token)
        return values


class _BoundedTemplate(BoundTemplate):
    context_class = _BoundedContext


class _BoundedEnvironment(Environment):
    template_class = _BoundedTemplate
    loop_iteration_limit = MAX_LOOPS
    output_stream_limit = MAX_OUTPUT
    local_namespace_limit = MAX_LOCALS


def _environment(*, autoescape: bool) -> Environment:
    environment = _BoundedEnvironment(autoescape=autoescape)
    for name in ("include", "render"):
        del environment.tags[name]
    return environment


_HTML = _environment(autoescape=True)
_PLAIN = _environment(autoescape=False)


def parse(source: str, *, escape: bool) -> BoundTemplate:
    """`escape` says that values are escaped for HTML. Raises Problem."""
    if len(source) > MAX_SOURCE:
        raise Problem(f"longer than {MAX_SOURCE:,} characters")
    _refuse_unclosed(source)
    try:
        template = (_HTML if escape else _PLAIN).from_string(source)
    except LiquidError as error:
        raise _problem(error) from error
    _bound_ranges(template)
    return template


def refuse_unknown_filters(template: BoundTemplate, source: str) -> None:
    """python-liquid would notice only when rendering, so for every recipient. Raises Problem."""
    for name, spans in template.analyze(include_partials=False).filters.items():
        if name not in template.env.filters:
            line = source.count("\n", 0, spans[0].index) + 1
            raise Problem(f"unknown filter '{name}'", line)


@contextmanager
def problems() -> Iterator[None]:
    """While a template is rendered: raises Problem, whatever goes wrong in it."""
    try:
        yield
    except LiquidError as error:
        raise _problem(error) from error
    except _FILTER_FAULTS as error:
        raise Problem(f"{type(error).__name__}: {error}") from error


class Markup(NamedTuple):
    """One `{{ … }}` or `{% … %}` in a source."""

    start: int
    end: int
    text: str

    @property
    def tag(self) -> str:
        """The tag's name ("if", "endfor"), or "" for an output."""
        if self.text.startswith("{{"):
            return ""
        words = self.text[2:-2].strip("- \t\r\n").split(None, 1)
        return words[0] if words else ""


def markup_in(source: str) -> Iterator[Markup]:
    """Yield the Liquid in a source in order, up to the first that is not closed, in linear time."""
    at = raw_end = 0
    while (at := source.find("{", at)) >= 0:
        closing = _CLOSING.get(source[at : at + 2])
        if closing is None:
            at += 1
            continue
        end = source.find(closing, at + 2, raw_end if at < raw_end else None)
        if end < 0 and at >= raw_end:
            return
        if end < 0:
            at = raw_end
            continue
        yield (found := Markup(at, end + 2, source[at : end + 2]))
        at = found.end
        if found.tag == "raw" and (end_tag := _END_OF_RAW.search(source, at)):
            raw_end = end_tag.start()


def _refuse_unclosed(source: str) -> None:
    """python-liquid's lexer takes minutes to find out that many braces are not closed."""
    end = max((found.end for found in markup_in(source)), default=0)
    for opening, closing in _CLOSING.items():
        if (at := source.find(opening, end)) >= 0:
            raise Problem(f"'{opening}' without '{closing}'", source.count("\n", 0, at) + 1)


def _bound_ranges(template: BoundTemplate) -> None:
    """`(1..1000000000) contains x` is no loop to python-liquid: it would run for minutes."""
    context = RenderContext(template)
    nodes = list(template.nodes)
    expressions: list[Expression] = []
    while nodes:
        node = nodes.pop()
        nodes += node.children(context, include_partials=False)
        expressions += node.expressions()
    while expressions:
        expression = expressions.pop()
        expressions += expression.children()
        if type(expression) is RangeLiteral:
            expression.__class__ = _BoundedRange


def _problem(error: LiquidError) -> Problem:
    context = error.context()
    return Problem(str(error.message or "cannot be read"), context[0] if context else None)


def _size(value: object) -> int:
    """Characters of text, of all items of a list, or bits of a number."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, (list, tuple)):
        return sum(len(item) if isinstance(item, str) else 1 for item in value)
    if isinstance(value, range):
        return len(value)
    return value.bit_length() if isinstance(value, int) else 0


def _foreseen_size(name: str, value: object, args: tuple[Any, ...]) -> int:
    """The size a filter's result may reach where that can be far beyond what went in."""
    size = _size(value)
    if name == "replace" and len(args) == 2:
        return size + str(value).count(str(args[0])) * len(str(args[1]))
    if name == "join" and args and isinstance(value, (list, tuple, range)):
        return size + len(value) * len(str(args[0]))
    return size
