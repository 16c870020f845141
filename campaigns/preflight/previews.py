"""What one recipient would get, with marks where a variable is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from campaigns.models import Contact, Content, Sender, Template
from campaigns.preflight import samples
from campaigns.rendering import content, marks
from campaigns.rendering.content import ContentError, Rendered
from sandbox import Failed, LimitReached


@dataclass(frozen=True, slots=True)
class Preview:
    """`rendered` is what is sent; `marked` its HTML with the marks, which are in previews only. For
    the variables that `fall_back`, a default stands there. `beside_subject` is the preview text,
    which inboxes show there.
    """

    rendered: Rendered
    marked: str
    missing: list[str] = field(default_factory=list)
    fall_back: list[str] = field(default_factory=list)
    beside_subject: str = ""


def preview(template: Template, contact: Contact | None, sender: Sender) -> Preview:
    """Raises ContentError or Failed."""
    return of_frozen(samples.freeze(template, sender), contact)


def of_frozen(frozen: Content, contact: Contact | None) -> Preview:
    """Raises ContentError or Failed."""
    variables = samples.variables(frozen, contact)
    rendered = content.render(frozen, variables)
    beside_subject = _beside_subject(frozen, variables)
    try:
        made = _with_marks(frozen, variables, rendered)
    except (ContentError, LimitReached, Failed):
        made = Preview(rendered, rendered.html)
    return replace(made, beside_subject=beside_subject)


def _beside_subject(frozen: Content, variables: Mapping[str, Any]) -> str:
    """As one line, which a subject is."""
    if not frozen.preview_text.strip():
        return ""
    alone = Content(subject=frozen.preview_text, preview_text="", html="", text="")
    return content.render(alone, variables).subject


def _with_marks(frozen: Content, variables: Mapping[str, Any], rendered: Rendered) -> Preview:
    """Without marks where they would change anything else."""
    marked = content.render(_marked(frozen), variables)
    pairs = [(getattr(marked, p), getattr(rendered, p)) for p in ("subject", "html", "text")]
    missing, fall_back = marks.names_in("".join(with_marks for with_marks, _ in pairs))
    is_marked = missing or fall_back
    if not is_marked or any(marks.without(a).split() != b.split() for a, b in pairs):
        return Preview(rendered, rendered.html)
    return Preview(rendered, marks.shown(marked.html), missing, fall_back)


def _marked(frozen: Content) -> Content:
    names = ("subject", "preview_text", "html", "text")
    sources = marks.in_templates([getattr(frozen, name) for name in names])
    return Content(**dict(zip(names, sources, strict=True)))
