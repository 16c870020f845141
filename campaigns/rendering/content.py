"""Templates and messages: checked when saved, compiled at launch, rendered per recipient.

Templates are parsed in a worker (`campaigns.rendering.template_work`), which may be ended there:
that is a template error like any other. `sandbox.Failed`, which every function here may raise, is
not: no worker was able to do it, and it may be retried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.rendering import template_work
from campaigns.rendering.precompiled import Pieces
from campaigns.rendering.renderer import SIMPLIFY, CannotRender, CostsTooMuch, Renderer
from campaigns.rendering.template_work import PartProblem
from sandbox import Failed, LimitReached, Stalled

MAX_SUBJECT = 2_000
"""Characters of one message's subject."""
FORM = 1
"""The version of the format of `precompile`; content with another version is split anew."""

NOT_NOW = _(
    "The template could not be read just now; that is not its fault. Try again in a moment."
)
LABELS = {
    "subject": _("Subject"),
    "preview_text": _("Preview text"),
    "html": _("HTML"),
    "mjml": _("MJML"),
    "text": _("Plain text"),
}
_WHITE_SPACE_AND_CONTROLS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


class ContentError(Exception):
    """`part` is subject, preview_text, html, mjml or text; the message, for staff, names the line
    and, of MJML, the column. Both count from 1; None where they are not known.
    """

    def __init__(
        self, part: str, message: str, line: int | None = None, column: int | None = None
    ) -> None:
        text = gettext("%(part)s: %(problem)s.")
        if line:
            text = gettext("%(part)s, line %(line)s: %(problem)s.")
        if line and column:
            text = gettext("%(part)s, line %(line)s, column %(column)s: %(problem)s.")
        values = {"part": LABELS[part], "problem": message, "line": line, "column": column}
        super().__init__(text % values)
        self.part, self.line, self.column = part, line, column


class TemplateError(ContentError):
    """The template fails for every recipient."""


class RenderError(ContentError):
    """The template fails with this recipient's variables; others may work."""

    cpu_seconds = 0.0
    """Processor time used in the worker."""


class TooCostly(RenderError):
    """The template costs too much for any recipient: none of its messages is rendered for now."""


class CompiledContent(Protocol):
    """A template ready to render, CSS inlined; an empty `text` stands for one made from `html`."""

    @property
    def subject(self) -> str: ...
    @property
    def preview_text(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """What one recipient gets; `subject` is one line. Texts are in pieces, so that what is fixed in
    a template can be encoded once; an empty one stands for none.
    """

    subject: str
    html_pieces: Pieces
    text_pieces: Pieces
    cpu_seconds: float = 0.0
    """What this took in a worker; nothing for what is filled in without Liquid."""

    @property
    def html(self) -> str:
        return str(self.html_pieces)

    @property
    def text(self) -> str:
        return str(self.text_pieces)


def compile_html(html: str) -> str:
    """Inline the CSS; all else keeps its bytes and nothing is loaded. Raises TemplateError."""
    with template_errors("html"):
        return template_work.compile_html(html)


def compile_mjml(mjml: str) -> str:
    """HTML made of MJML, its Liquid intact; no file is read and nothing loaded. Raises
    TemplateError with line and column, or Failed.
    """
    with template_errors("mjml"):
        return template_work.compile_mjml(mjml)


def preview_text_of_mjml(mjml: str) -> str:
    """What its <mj-preview> has, "" without one. Raises TemplateError or Failed."""
    with template_errors("mjml"):
        return template_work.preview_text_of_mjml(mjml)


def compile_text(html: str) -> str:
    """Make the plain text template that goes with this HTML template. Raises TemplateError."""
    with template_errors("html"):
        return template_work.compile_text(html)


def compared_with_numbers(content: CompiledContent) -> list[tuple[str, int, list[str | int]]]:
    """The attributes that must be numbers: of each the part, the line and the keys. Raises
    TemplateError, or Failed when it may be retried."""
    parts = {
        "subject": content.subject,
        "preview_text": content.preview_text,
        "html": content.html,
        "text": content.text,
    }
    with template_errors("html"):
        return [tuple(found) for found in template_work.numbers_needed(parts)]


@contextmanager
def template_errors(part: str) -> Iterator[None]:
    """While a worker looks at a part of a template: what it finds, and that it reaches a limit, is
    a TemplateError. Raises Failed when the machine is to blame.
    """
    try:
        yield
    except PartProblem as problem:
        raise TemplateError(
            problem.part, problem.message, problem.line, problem.column
        ) from problem
    except Stalled as error:
        raise Failed(str(error)) from error
    except LimitReached as error:
        raise TemplateError(part, f"{error}. {SIMPLIFY}") from error


def check(subject: str, html: str, text: str, preview_text: str = "") -> None:
    """Raise TemplateError for the first error in a template."""
    parts = {"subject": subject, "preview_text": preview_text, "html": html, "text": text}
    for part, source in parts.items():
        if source.strip():
            with template_errors(part):
                makes_text = part == "html" and not text.strip()
                template_work.check_part(part, source, makes_text=makes_text)
        elif part in ("subject", "html"):
            raise TemplateError(part, gettext("is empty"))


def validate_template(template: CompiledContent) -> None:
    """`check` for forms: raises Django's ValidationError on the field concerned."""
    try:
        check(template.subject, template.html, template.text, template.preview_text)
    except TemplateError as error:
        raise ValidationError({error.part: str(error)}, code="template") from error
    except Failed as error:
        raise ValidationError(NOT_NOW, code="template") from error


def render(content: CompiledContent, variables: Mapping[str, Any]) -> Rendered:
    """Render for one recipient; values are escaped in the HTML only. Raises RenderError, or
    TooCostly.
    """
    renderer = _renderer_of(content)
    try:
        filled = renderer.fill(variables)
    except CannotRender as error:
        raise _render_error(error) from error
    except CostsTooMuch as error:
        raise TooCostly(error.part, f"{error.message}. {SIMPLIFY}") from error
    parts, values = renderer.parts(), filled.values
    return Rendered(
        subject=_one_line(str(Pieces(parts["subject"].fixed, values["subject"]))),
        html_pieces=Pieces(parts["html"].fixed, values["html"]),
        text_pieces=_trimmed(Pieces(parts["text"].fixed, values["text"]), parts["text"].trimmed),
        cpu_seconds=filled.cpu_seconds,
    )


def filled_subject(subject: str, variables: Mapping[str, Any]) -> str:
    """For one recipient, to be read; as it is written where it cannot be filled."""
    renderer = _renderer(subject, "", "", "")
    try:
        filled = renderer.fill(variables)
    except (CannotRender, CostsTooMuch, Failed):
        return subject
    return str(Pieces(renderer.parts()["subject"].fixed, filled.values["subject"]))


def is_plain(content: CompiledContent) -> bool:
    """Whether its messages need no worker, unless a recipient's values do. Raises TemplateError."""
    with _known_as_wrong():
        return all(part.is_plain for part in _renderer_of(content).parts().values())


@contextmanager
def _known_as_wrong() -> Iterator[None]:
    try:
        yield
    except CannotRender as error:
        found = error.problem
        raise TemplateError(found.part, found.message, found.line) from error
    except CostsTooMuch as error:
        raise TemplateError(error.part, f"{error.message}. {SIMPLIFY}") from error


def precompile(content: CompiledContent) -> dict[str, Any]:
    """What dispatchers need of launched content that takes no Liquid, as JSON. Raises
    TemplateError.
    """
    with _known_as_wrong():
        return {"version": FORM, "parts": _renderer_of(content).form()}


def prepare(content: CompiledContent) -> None:
    """Prepare what its messages need, so that the first one does not wait. Raises TemplateError."""
    with _known_as_wrong():
        _renderer_of(content).prepare()


def renew_budget(content: CompiledContent) -> None:
    """Reset the budget: render messages of too costly content again."""
    _renderer_of(content).renew()


def _renderer_of(content: CompiledContent) -> Renderer:
    renderer = _renderer(content.subject, content.preview_text, content.html, content.text)
    if not renderer.is_known:
        kept = getattr(content, "precompiled", None)
        if kept and kept["version"] == FORM:
            renderer.know(kept["parts"])
    return renderer


_renderer: Callable[[str, str, str, str], Renderer] = lru_cache(maxsize=64)(Renderer)


def _render_error(error: CannotRender) -> RenderError:
    found = error.problem
    made = RenderError(found.part, found.message, found.line)
    made.cpu_seconds = error.cpu_seconds
    return made


def _one_line(subject: str) -> str:
    """Raises RenderError for one that no header should have."""
    subject = _WHITE_SPACE_AND_CONTROLS.sub(" ", subject).strip()
    if len(subject) > MAX_SUBJECT:
        raise RenderError(
            "subject",
            gettext("for this recipient it is longer than %(most)s characters")
            % {"most": f"{MAX_SUBJECT:,}"},
        )
    return subject


def _trimmed(pieces: Pieces, fixed: tuple[bytes, ...] | None) -> Pieces:
    """Without white space around it and with one line end; `fixed` is what that makes of what is
    fixed, where it is the same for everybody.
    """
    return Pieces(fixed, pieces.values) if fixed else Pieces.of(str(pieces).strip() + "\n")
