"""What workers do with templates: check them, compile them, take them apart, render their gaps.

Everything that parses or renders a template is here, and runs where it can be ended. The limits say
what one call may cost. `tracking.links.rewrite` has its own part, with the same limits.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from campaigns.rendering.css import inline
from campaigns.rendering.gaps import GapTemplate
from campaigns.rendering.html import plain_text
from campaigns.rendering.html.pages import with_preview_text
from campaigns.rendering.liquid import environment
from campaigns.rendering.liquid.comparisons import compared_with_numbers
from campaigns.rendering.mjml import compiling
from campaigns.rendering.mjml.places import Places, Wrong
from sandbox import Limits, bounded, worker

PARSING = Limits(cpu_seconds=2, memory_megabytes=512)
RENDERING = Limits(cpu_seconds=0.25, memory_megabytes=128, wait_seconds=5)
RENDERING_FIRST = Limits(cpu_seconds=4.25, memory_megabytes=640, wait_seconds=5)
"""For the first message of a template in a worker, which has to parse it. It was parsed within
PARSING before; this machine may be slower than that one. Rendering alone is held to RENDERING.
"""
KEPT_TEMPLATES = 64
KEPT_CHARACTERS = 4_000_000
"""The most characters of parsed templates that a worker keeps."""

PARTS = ("subject", "html", "text")
Sources = tuple[str, str, str]
"""What is rendered of a template, in the order of PARTS."""


class PartProblem(Exception):
    """What is wrong with one part of a template or its rendering; `line` and `column` count from
    1."""

    def __init__(
        self, part: str, message: str, line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(part, message, line, column)
        self.part, self.message, self.line, self.column = part, message, line, column


class UnknownTemplate(Exception):
    """This worker has not parsed the template: the caller has to send it."""


@bounded(PARSING, raises=(PartProblem,))
def check_part(part: str, source: str, *, makes_text: bool = False) -> None:
    """Raise PartProblem for what is wrong with one part. `makes_text` says that the plain text is
    to be made from it.
    """
    _check_once(part, source, makes_text)


@lru_cache(maxsize=8)
def _check_once(part: str, source: str, makes_text: bool) -> None:
    """A save checks a template, and then what a launch would make of it: a worker remembers what it
    found to be right, and the page, which is made of it next.
    """
    _check(part, source)
    if part == "html":
        compile_html(source)
    if makes_text:
        _check("text", compile_text(source))


_inlined = lru_cache(maxsize=2)(inline.inline_css)


def _check(part: str, source: str) -> None:
    with _problems_of(part):
        template = environment.parse(source, escape=part in ("html", "mjml"))
        environment.refuse_unknown_filters(template, source)
        compared_with_numbers(template, source)


@contextmanager
def _problems_of(part: str) -> Iterator[None]:
    """What is wrong within is wrong with this part: raises PartProblem."""
    try:
        yield
    except environment.Problem as problem:
        raise PartProblem(part, problem.message, problem.line) from problem


@bounded(PARSING, raises=(PartProblem,))
def compile_html(html: str) -> str:
    """Inline the CSS. Raises PartProblem."""
    with _problems_of("html"):
        return _inlined(html)


@bounded(PARSING, raises=(PartProblem,))
def compile_mjml(mjml: str) -> str:
    """HTML made of MJML, its Liquid intact. Raises PartProblem."""
    _check("mjml", mjml)
    with _problems_of_mjml(mjml):
        return compiling.compile_mjml(mjml)


@bounded(PARSING, raises=(PartProblem,))
def preview_text_of_mjml(mjml: str) -> str:
    """What its <mj-preview> has, "" without one. Raises PartProblem."""
    _check("mjml", mjml)
    with _problems_of_mjml(mjml):
        return compiling.preview_text_of(mjml)


@contextmanager
def _problems_of_mjml(mjml: str) -> Iterator[None]:
    try:
        yield
    except Wrong as wrong:
        if wrong.at is None:
            raise PartProblem("mjml", wrong.message) from wrong
        places = Places(mjml)
        line, column = places.line(wrong.at), places.column(wrong.at)
        raise PartProblem("mjml", wrong.message, line, column) from wrong


@bounded(PARSING, raises=(PartProblem,))
def compile_text(html: str) -> str:
    """Make the plain text template that goes with an HTML template. Raises PartProblem."""
    with _problems_of("html"):
        return plain_text.compile_text(html)


@bounded(PARSING, raises=(PartProblem,))
def variables_in(sources: list[str]) -> list[list[str]]:
    """The paths of the variables that these sources read, each once. Raises PartProblem."""
    paths: dict[tuple[str, ...], None] = {}
    for source in sources:
        with _problems_of("html"):
            found = environment.variables(environment.parse(source, escape=False))
        paths.update(dict.fromkeys(map(tuple, found)))
    return [list(path) for path in paths]


@bounded(PARSING, raises=(PartProblem,))
def numbers_needed(parts: dict[str, str]) -> list[Any]:
    """The attributes that these parts of a template compare with numbers: of each the part, the
    line and its keys. Raises PartProblem.
    """
    needed: dict[tuple[Any, ...], list[Any]] = {}
    for part, source in parts.items():
        with _problems_of(part):
            template = environment.parse(source, escape=part == "html")
            for keys, line in compared_with_numbers(template, source):
                needed.setdefault(keys, [part, line, keys])
    return list(needed.values())


@bounded(PARSING, raises=(PartProblem,))
def take_apart(subject: str, preview_text: str, html: str, text: str) -> list[Any]:
    """What is rendered of a template (`Sources`), and of each part of it the fixed stretches and
    the gaps, None where they need Liquid. Raises PartProblem.
    """
    sources = (
        subject,
        with_preview_text(html, preview_text),
        text if text.strip() else compile_text(html),
    )
    templates = [_parsed(part, source) for part, source in zip(PARTS, sources, strict=True)]
    return [sources, [[template.fixed, template.gaps] for template in templates]]


def _parsed(part: str, source: str) -> GapTemplate:
    with _problems_of(part):
        return GapTemplate(source, escape=part == "html")


@bounded(RENDERING, raises=(UnknownTemplate, PartProblem))
def fill(digest: bytes, parts: list[str], variables: dict[str, Any]) -> list[Any]:
    """Render the gaps of some parts of a template that this worker has parsed, known by its digest.

    Returns what goes in them by part, what is wrong with a part (its name, the message, the line)
    or None, and the seconds of processor time it took. Raises UnknownTemplate.
    """
    templates = {part: _kept.template(digest, part) for part in parts}
    values: dict[str, list[str]] = {}
    worker.narrow(RENDERING)
    began = time.thread_time()
    for part, template in templates.items():
        try:
            values[part] = template.fill(variables)
        except environment.Problem as problem:
            wrong = [part, problem.message, problem.line]
            return [{}, wrong, time.thread_time() - began]
    return [values, None, time.thread_time() - began]


@bounded(RENDERING_FIRST, raises=(PartProblem,))
def fill_first(
    digest: bytes, sources: Sources, parts: list[str], variables: dict[str, Any]
) -> list[Any]:
    """As `fill`, for a template that this worker need not know."""
    _kept.keep(digest, sources)
    return fill(digest, parts, variables)


class _Kept:
    """A worker's cache of parsed templates, least recently used out first."""

    def __init__(self) -> None:
        self._sources: OrderedDict[bytes, Sources] = OrderedDict()
        self._templates: dict[tuple[bytes, str], GapTemplate] = {}

    def keep(self, digest: bytes, sources: Sources) -> None:
        self._sources[digest] = sources
        while len(self._sources) > 1 and (
            len(self._sources) > KEPT_TEMPLATES or self._characters() > KEPT_CHARACTERS
        ):
            oldest, _ = self._sources.popitem(last=False)
            for part in PARTS:
                self._templates.pop((oldest, part), None)

    def _characters(self) -> int:
        return sum(len(source) for sources in self._sources.values() for source in sources)

    def template(self, digest: bytes, part: str) -> GapTemplate:
        """Raises UnknownTemplate or PartProblem."""
        if digest not in self._sources:
            raise UnknownTemplate
        self._sources.move_to_end(digest)
        if (digest, part) not in self._templates:
            source = self._sources[digest][PARTS.index(part)]
            self._templates[digest, part] = _parsed(part, source)
        return self._templates[digest, part]


_kept = _Kept()
