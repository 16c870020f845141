"""Liquid as templates may use it: no files, no includes.

What a template spends is bounded by the worker in which it is parsed and rendered
(`campaigns.rendering.content`); the limits here come first where they can say which line is to
blame.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, NamedTuple

from django.utils.translation import gettext
from liquid import BoundTemplate, Environment, RenderContext
from liquid.exceptions import LiquidError

from campaigns.rendering.liquid import dates, localised, numbers, reasons, texts
from campaigns.rendering.liquid.blocks import Misplaced, Tag, refuse_misplaced

MAX_SOURCE = 1_000_000  # characters of one template
MAX_OUTPUT = 2_000_000  # bytes of one rendered part
MAX_LOCALS = 1_000_000  # bytes held by assign and capture
MAX_LOOPS = 10_000  # iterations, nested loops multiplied

_CLOSING = {"{{": "}}", "{%": "%}"}
_QUOTED = re.compile(r"\"[^\"]*+\"|'[^']*+'")
_OPAQUE = {name: re.compile(rf"\{{%-?\s*+end{name}\s*+-?%\}}") for name in ("raw", "doc")}
"""Tags after which everything is text, up to an end of their own."""

# What python-liquid's filters let through when they meet a value of a kind they did not expect.
_FILTER_FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
)
_TOO_MANY_DIGITS = re.compile("for integer string conversion")
"""Of Python's error for a number of thousands of digits, which may also end a filter."""


class Problem(Exception):
    """What is wrong with a template or its rendering; `line` counts from 1, None when not known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message, line)
        self.message = message
        self.line = line


class _Context(RenderContext):
    """Knows one present, so that a message comes out the same whenever it is rendered again."""

    __slots__ = ()

    def __init__(
        self, template: BoundTemplate, *, globals: Mapping[str, object] | None = None, **others: Any
    ) -> None:
        given = globals or {}
        if not isinstance(given.get("now"), dt.datetime):
            given = {**given, **dates.present()}
        super().__init__(template, globals=given, **others)


class _Template(BoundTemplate):
    context_class = _Context


class _BoundedEnvironment(Environment):
    """Its limits report the line in their errors; the worker's limits hold in every case."""

    template_class = _Template
    loop_iteration_limit = MAX_LOOPS
    output_stream_limit = MAX_OUTPUT
    local_namespace_limit = MAX_LOCALS

    def error(
        self, exc: type[LiquidError] | LiquidError, msg: str | None = None, token: Any = None
    ) -> None:
        """An expression that ends too early is known by its end, which has no line."""
        if isinstance(exc, LiquidError) and exc.token and exc.token.start_index < 0:
            exc.token = token
        super().error(exc, msg, token)


def _environment(*, autoescape: bool) -> Environment:
    environment = _BoundedEnvironment(autoescape=autoescape)
    for name in ("include", "render"):
        del environment.tags[name]
    environment.add_filter("date", dates.date)
    numbers.add_filters(environment)
    localised.add_filters(environment)
    texts.show_as_ruby(environment)
    return environment


numbers.replace_comparisons()
_HTML = _environment(autoescape=True)
_PLAIN = _environment(autoescape=False)
get_item = RenderContext(_PLAIN.from_string("")).get_item
"""A part of a value, as `value.key` has it. Raises LookupError or TypeError."""

ENDS = {name: tag.end for name, tag in _HTML.tags.items() if tag.block} | {"raw": "endraw"}
"""By the tag that opens a block, the one that closes it."""


def words() -> dict[str, list[str]]:
    """The names of the filters and tags that a template may use."""
    ends = [end for end in ENDS.values() if end]
    return {"filters": sorted(_HTML.filters), "tags": sorted({*_HTML.tags, *ends})}


def parse(source: str, *, escape: bool) -> BoundTemplate:
    """`escape` says that values are escaped for HTML. Raises Problem."""
    if len(source) > MAX_SOURCE:
        raise Problem(gettext("longer than %(most)s characters") % {"most": f"{MAX_SOURCE:,}"})
    _refuse_unclosed(source)
    try:
        return (_HTML if escape else _PLAIN).from_string(source)
    except LiquidError as error:
        raise _misplaced(error, source) or _problem(error) from error


def refuse_unknown_filters(template: BoundTemplate, source: str) -> None:
    """python-liquid would raise only at rendering, for every recipient. Raises Problem."""
    for name, spans in template.analyze(include_partials=False).filters.items():
        if name not in template.env.filters:
            raise Problem(
                gettext("unknown filter '%(name)s'") % {"name": name},
                line_at(source, spans[0].index),
            )


def variables(template: BoundTemplate) -> list[list[str]]:
    """The variables that a template reads and does not set itself, as paths of names and positions,
    each as far as known without rendering."""
    found = template.analyze(include_partials=False).globals
    return [_known_path(one.segments) for variables in found.values() for one in variables]


def _known_path(segments: Sequence[object]) -> list[str]:
    return [str(part) for part in takewhile(lambda part: isinstance(part, (str, int)), segments)]


@contextmanager
def problems() -> Iterator[None]:
    """Converts every error while a template is rendered into Problem."""
    try:
        yield
    except LiquidError as error:
        raise _problem(error) from error
    except _FILTER_FAULTS as error:
        if _TOO_MANY_DIGITS.search(str(error)):
            raise Problem(gettext("a number gets too large to be written")) from error
        said = f"{type(error).__name__}: {error}"
        raise Problem(
            gettext("a filter cannot work with its value (%(said)s)") % {"said": said}
        ) from error


class Markup(NamedTuple):
    """One `{{ … }}` or `{% … %}` in a source."""

    start: int
    end: int
    text: str
    is_text: bool = False
    """Inside {% raw %} or {% doc %}, where it is none."""

    @property
    def tag(self) -> str:
        """The tag's name ("if", "endfor"), or "" for an output."""
        if self.text.startswith("{{"):
            return ""
        words = self.text[2:-2].strip("- \t\r\n").split(None, 1)
        return words[0] if words else ""


def markup_in(source: str) -> Iterator[Markup]:
    """Yield the Liquid in a source in order, up to the first that is not closed, in linear time."""
    at = opaque_end = 0
    endless = set()
    while (at := source.find("{", at)) >= 0:
        closing = _CLOSING.get(source[at : at + 2])
        if closing is None:
            at += 1
            continue
        is_text = at < opaque_end
        end = source.find(closing, at + 2, opaque_end if is_text else None)
        if end < 0 and not is_text:
            return
        if end < 0:
            at = opaque_end
            continue
        yield (found := Markup(at, end + 2, source[at : end + 2], is_text))
        at = found.end
        if not is_text and found.tag in _OPAQUE and found.tag not in endless:
            if end_tag := _OPAQUE[found.tag].search(source, at):
                opaque_end = end_tag.start()
            else:
                endless.add(found.tag)


def blocks_in(source: str) -> list[tuple[int, int]]:
    """The outermost blocks ({% if %} to {% endif %}, {% raw %}, comments) of a template that can be
    parsed, in order.
    """
    blocks: list[tuple[int, int]] = []
    ends: list[str] = []
    start = 0
    for found in markup_in(source):
        tag = found.tag
        if found.is_text or (ends[-1:] == ["endcomment"] and tag not in ("comment", "endcomment")):
            continue
        if tag in ENDS:
            start = start if ends else found.start
            ends.append(ENDS[tag])
        elif ends and tag == ends[-1]:
            ends.pop()
            if not ends:
                blocks.append((start, found.end))
    return [*blocks, (start, len(source))] if ends else blocks


def raw_in(source: str) -> list[tuple[int, int]]:
    """Where {% raw %} and {% doc %} keep Liquid from being read, in order."""
    spans: list[tuple[int, int]] = []
    opened: Markup | None = None
    for found in markup_in(source):
        if found.is_text:
            continue
        if opened is not None:
            spans.append((opened.end, found.start))
        opened = found if found.tag in _OPAQUE else None
    return spans


def _refuse_unclosed(source: str) -> None:
    """python-liquid's lexer takes minutes to find out that many of a kind are not closed."""
    end = 0
    for found in markup_in(source):
        end = found.end
        if not found.is_text and _swallows_another(found):
            raise Problem(_unclosed(found.text[:2], found.text), line_at(source, found.start))
        if found.tag in _OPAQUE and not found.is_text:
            _refuse_endless(source, found)
    for opening in _CLOSING:
        if (at := source.find(opening, end)) >= 0:
            raise Problem(_unclosed(opening, source[at : at + 200]), line_at(source, at))


def _swallows_another(found: Markup) -> bool:
    """Whether it was closed only by the end of one that begins in it."""
    inside = _QUOTED.sub("", found.text[2:-2])
    return found.tag not in ("comment", "#", "liquid") and any(
        opening in inside for opening in _CLOSING
    )


def _unclosed(opening: str, text: str) -> str:
    closing = _CLOSING[opening]
    begins = " ".join(text[2:].split("\n")[0].split()[:1])[:40]
    written = ""
    if begins.isidentifier():
        written = gettext(" after '%(start)s'") % {"start": f"{opening} {begins}"}
    return gettext("'%(opening)s' without '%(closing)s': '%(closing)s' is missing%(written)s") % {
        "opening": opening,
        "closing": closing,
        "written": written,
    }


def _refuse_endless(source: str, opening: Markup) -> None:
    if not _OPAQUE[opening.tag].search(source, opening.end):
        missing = {
            "opening": f"{{% {opening.tag} %}}",
            "closing": f"{{% end{opening.tag} %}}",
        }
        raise Problem(
            gettext("'%(opening)s' without '%(closing)s'") % missing, line_at(source, opening.start)
        )


def line_at(source: str, at: int) -> int:
    """Counts from 1."""
    return source.count("\n", 0, at) + 1


def _misplaced(error: LiquidError, source: str) -> Problem | None:
    """Where a tag is to blame, which, and what is missing."""
    if "tag" not in str(error.message):
        return None
    try:
        refuse_misplaced(_tags_in(source), ENDS, _HTML.tags)
    except Misplaced as found:
        return Problem(found.message, found.line)
    return None


def _tags_in(source: str) -> Iterator[Tag]:
    line, counted = 1, 0
    for found in markup_in(source):
        line, counted = line + source.count("\n", counted, found.start), found.start
        if found.tag and not found.is_text:
            yield Tag(found.tag, found.text, line)


def _problem(error: LiquidError) -> Problem:
    if isinstance(error.__cause__, RecursionError):
        return Problem(gettext("an expression has too many parts, or is nested too deeply"))
    context = error.context()
    said = reasons.in_plain_words(str(error.message or "")) or gettext("cannot be read")
    return Problem(said, context[0] if context else None)
