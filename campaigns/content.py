"""From a template to a message: checked when saved, compiled at launch, rendered per recipient."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple, Protocol

from django.core.exceptions import ValidationError

from campaigns import inline_css, liquid, plain_text
from campaigns.html_source import Edit, SourceTags, apply_edits, mask_liquid
from campaigns.stencils import Pieces, Stencil

_LABELS = {
    "subject": "Subject",
    "preview_text": "Preview text",
    "html": "HTML",
    "text": "Plain text",
}
_WHITE_SPACE_AND_CONTROLS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_HIDDEN = "display:none;max-height:0;overflow:hidden;mso-hide:all"
# Where the content begins in a page without a body tag: after the last of these.
_BEFORE_CONTENT = re.compile(r"<!doctype[^>]*>|<html[^>]*>|</head\s*>", re.IGNORECASE)


class ContentError(Exception):
    """`part` is subject, preview_text, html or text; the message, for staff, names the line."""

    def __init__(self, part: str, problem: liquid.Problem) -> None:
        place = _LABELS[part] + (f", line {problem.line}" if problem.line else "")
        super().__init__(f"{place}: {problem.message}.")
        self.part = part


class TemplateError(ContentError):
    """The template is wrong for everybody."""


class RenderError(ContentError):
    """The template fails with this recipient's variables; it may work with another's."""


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

    @property
    def html(self) -> str:
        return str(self.html_pieces)

    @property
    def text(self) -> str:
        return str(self.text_pieces)


def compile_html(html: str) -> str:
    """Inline the CSS; all else keeps its bytes and nothing is loaded. Raises TemplateError."""
    try:
        return inline_css.inline_css(html)
    except liquid.Problem as problem:
        raise TemplateError("html", problem) from problem


def compile_text(html: str) -> str:
    """Make the plain text template that goes with this HTML template. Raises TemplateError."""
    try:
        return plain_text.compile_text(html)
    except liquid.Problem as problem:
        raise TemplateError("html", problem) from problem


def check(subject: str, html: str, text: str, preview_text: str = "") -> None:
    """Raise TemplateError for the first thing that is wrong with a template."""
    parts = {"subject": subject, "preview_text": preview_text, "html": html, "text": text}
    for part, source in parts.items():
        _check_part(part, source)
    compile_html(html)
    if not text.strip():
        _check_part("text", compile_text(html))


def validate_template(template: CompiledContent) -> None:
    """`check` for forms and models: raises Django's ValidationError on the field concerned."""
    try:
        check(template.subject, template.html, template.text, template.preview_text)
    except TemplateError as error:
        raise ValidationError({error.part: str(error)}, code="template") from error


def render(content: CompiledContent, variables: Mapping[str, Any]) -> Rendered:
    """Render for one recipient; values are escaped in the HTML only. Raises RenderError."""
    stencils = _stencils(content.subject, content.preview_text, content.html, content.text)
    subject = str(_filled("subject", stencils.subject, variables))
    return Rendered(
        subject=_WHITE_SPACE_AND_CONTROLS.sub(" ", subject).strip(),
        html_pieces=_filled("html", stencils.html, variables),
        text_pieces=_trimmed(_filled("text", stencils.text, variables), stencils.trimmed_text),
    )


def _check_part(part: str, source: str) -> None:
    try:
        if part in ("subject", "html") and not source.strip():
            raise liquid.Problem("is empty")
        template = liquid.parse(source, escape=part == "html")
        liquid.refuse_unknown_filters(template, source)
    except liquid.Problem as problem:
        raise TemplateError(part, problem) from problem


class _Stencils(NamedTuple):
    subject: Stencil
    html: Stencil
    text: Stencil
    trimmed_text: tuple[bytes, ...] | None


@lru_cache(maxsize=64)
def _stencils(subject: str, preview_text: str, html: str, text: str) -> _Stencils:
    """Raises RenderError."""
    text_stencil = _stencil("text", text if text.strip() else compile_text(html))
    return _Stencils(
        _stencil("subject", subject),
        _stencil("html", _page(html, preview_text)),
        text_stencil,
        text_stencil.trimmed,
    )


def _stencil(part: str, source: str) -> Stencil:
    try:
        return Stencil(source, escape=part == "html")
    except liquid.Problem as problem:
        raise RenderError(part, problem) from problem


def _filled(part: str, stencil: Stencil, variables: Mapping[str, Any]) -> Pieces:
    try:
        return Pieces(stencil.fixed, stencil.fill(variables))
    except liquid.Problem as problem:
        raise RenderError(part, problem) from problem


def _trimmed(pieces: Pieces, fixed: tuple[bytes, ...] | None) -> Pieces:
    """Without white space around it and with one line end; `fixed` is what that makes of what is
    fixed, where it is the same for everybody.
    """
    return Pieces(fixed, pieces.values) if fixed else Pieces.of(str(pieces).strip() + "\n")


def _page(html: str, preview_text: str) -> str:
    """The HTML template with the preview text, hidden, as the first thing in its body."""
    if not preview_text.strip():
        return html
    at = _start_of_body(html)
    preheader = f'<div style="{_HIDDEN}">{_escape_around_liquid(preview_text)}</div>'
    return apply_edits(html, [Edit(at, at, preheader)])


def _start_of_body(html: str) -> int:
    masked = mask_liquid(html)
    for tag in SourceTags(masked).tags:
        if tag.name == "body":
            return tag.end
    return max((found.end() for found in _BEFORE_CONTENT.finditer(masked)), default=0)


def _escape_around_liquid(text: str) -> str:
    def pieces() -> Iterator[str]:
        at = 0
        for found in liquid.markup_in(text):
            yield escape(text[at : found.start]) + found.text
            at = found.end
        yield escape(text[at:])

    return "".join(pieces())
