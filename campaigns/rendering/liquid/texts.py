"""What Liquid shows of values that are no texts, as the reference (Ruby) has it.

python-liquid's filters let Python's own words through: "None" for what is nothing, "True".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TextIO

from liquid import Environment, RenderContext, soft_str
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.echo_tag import EchoNode, EchoTag
from liquid.filter import flatten, liquid_filter
from liquid.stringify import to_liquid_string

Filter = Callable[..., Any]

_OF_TEXTS = (
    "append", "base64_decode", "base64_encode", "capitalize", "downcase", "escape", "escape_once",
    "lstrip", "newline_to_br", "prepend", "remove", "remove_first", "remove_last", "replace",
    "replace_first", "replace_last", "rstrip", "slice", "split", "strip", "strip_html",
    "strip_newlines", "truncate", "truncatewords", "upcase", "url_decode", "url_encode",
)  # fmt: skip
_OF_LISTS = ("compact", "concat", "join", "reverse", "sort", "sort_natural", "uniq")


def as_text(value: Any) -> Any:
    """For what is nothing, or true or false; all else stays as it is."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value


def _of_texts(apply: Filter) -> Filter:
    @wraps(apply)
    def filter(value: object, *args: object, **kwargs: Any) -> Any:
        return apply(as_text(value), *map(as_text, args), **kwargs)

    return filter


def _of_lists(apply: Filter) -> Filter:
    @wraps(apply)
    def filter(value: object, *args: Any, **kwargs: Any) -> Any:
        return apply([] if value is None else as_text(value), *args, **kwargs)

    return filter


def _join(apply: Filter) -> Filter:
    @wraps(apply)
    def filter(value: Any, *args: Any, **kwargs: Any) -> Any:
        items = list(map(as_text, value)) if isinstance(value, list) else value
        return apply(items, *args, **kwargs)

    return filter


def _split(apply: Filter) -> Filter:
    @wraps(apply)
    def filter(*args: Any, **kwargs: Any) -> Any:
        """Empty texts at the end are left out."""
        parts = apply(*args, **kwargs)
        while parts and parts[-1] == "":
            parts.pop()
        return parts

    return filter


def _sort(apply: Filter) -> Filter:
    @wraps(apply)
    def filter(value: Any, *args: Any, **kwargs: Any) -> Any:
        """What is nothing comes last."""
        if args or not isinstance(value, list) or None not in value:
            return apply(value, *args, **kwargs)
        something = [item for item in value if item is not None]
        return apply(something, **kwargs) + [None] * (len(value) - len(something))

    return filter


def _unless(is_short: Callable[[str, int], bool], apply: Filter, length: int) -> Filter:
    """python-liquid also cuts what just fits."""

    @wraps(apply)
    def filter(value: Any, at_most: Any = length, *args: Any, **kwargs: Any) -> Any:
        fits = isinstance(at_most, int) and is_short(str(value), at_most)
        return value if fits else apply(value, at_most, *args, **kwargs)

    return filter


def _replace_last(value: object, part: object, instead: object = "") -> str:
    """python-liquid's overlooks the part that a text begins with."""
    text = soft_str(value)
    before, _, after = text.rpartition(soft_str(part)) if part != "" else (text, "", "")
    found = part == "" or len(before) + len(after) < len(text)
    return before + soft_str(instead) + after if found else text


class _Output(OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(_shown(self, context))


class _Echo(EchoNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(_shown(self, context))


def _shown(node: OutputNode, context: RenderContext) -> str:
    value = node.expression.evaluate(context)
    if isinstance(value, list):
        value = list(map(as_text, flatten(value)))
    return to_liquid_string(value, context.autoescape)


class _OutputTag(Output):
    node_class = _Output


class _EchoTag(EchoTag):
    node_class = _Echo


def show_as_ruby(environment: Environment) -> None:
    filters = environment.filters
    filters["join"] = _join(filters["join"])
    filters["sort"] = _sort(filters["sort"])
    filters["split"] = _split(filters["split"])
    filters["truncate"] = _unless(lambda text, n: len(text) <= n, filters["truncate"], 50)
    filters["truncatewords"] = _unless(
        lambda text, n: len(text.split()) <= max(n, 1), filters["truncatewords"], 15
    )
    filters["replace_last"] = liquid_filter(_replace_last)
    filters["remove_last"] = liquid_filter(lambda value, part: _replace_last(value, part))
    for name in _OF_TEXTS:
        filters[name] = _of_texts(filters[name])
    for name in _OF_LISTS:
        filters[name] = _of_lists(filters[name])
    for tag in (_OutputTag, _EchoTag):
        environment.add_tag(tag)
