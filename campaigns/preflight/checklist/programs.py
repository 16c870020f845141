"""Checks for what mail programs drop, by the data of caniemail.com in mail_programs.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.preflight.checklist.findings import Finding, Level
from campaigns.preflight.checklist.message import Message, Spot, listed
from campaigns.rendering.html.source import unquoted

_DATA = Path(__file__).with_name("mail_programs.json")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_DECLARATION = re.compile(r"(?<![\w(-])(-{0,2}[a-zA-Z][\w-]{0,40})\s*:\s*([^;{}]{0,200})")
_AT_RULE = re.compile(r"@(font-face|import|keyframes|supports)\b", re.IGNORECASE)
_FUNCTION = re.compile(
    r"(?<![\w-])(var|calc|clamp|min|max|(?:repeating-)?(?:linear|radial|conic)-gradient)\(",
    re.IGNORECASE,
)
_POSITIONED = re.compile(r"\s*(?:relative|absolute|fixed|sticky)\b", re.IGNORECASE)
_DISPLAY = re.compile(r"\s*(?:inline-)?(flex|grid)\b", re.IGNORECASE)

_BREAKING = (
    "css-position css-display-flex css-display-grid css-variables css-transform css-unit-calc "
    "css-function-clamp css-function-min css-function-max css-at-import css-column-count "
    "css-writing-mode html-form html-video html-audio html-svg html-object html-base html-link "
    "html-dialog html-popover html-marquee image-base64 image-svg image-avif image-heif "
    "image-tiff"
)
BREAKING = frozenset(_BREAKING.split())
"""Without these the message loses its shape or its content; without others, some of its looks."""
_PROPERTIES = frozenset("""
transform animation transition filter clip-path mask-image object-fit background-image
background-blend-mode mix-blend-mode opacity box-shadow text-shadow float gap aspect-ratio
column-count writing-mode z-index
""".split())  # noqa: SIM905  # fmt: skip
_FUNCTIONS = {
    "var": "css-variables",
    "calc": "css-unit-calc",
    "clamp": "css-function-clamp",
    "min": "css-function-min",
    "max": "css-function-max",
}
_SAME_NAME = (
    "form", "video", "audio", "svg", "object", "base", "dialog", "marquee", "picture", "select",
    "textarea", "meter", "progress",
)  # fmt: skip
_ELEMENTS = {
    **{name: f"html-{name}" for name in _SAME_NAME},
    "embed": "html-object",
    "button": "html-button-submit",
}
_INPUTS = frozenset({"text", "checkbox", "radio", "submit", "hidden", "reset"})
_ENDINGS = {
    ".svg": "image-svg", ".webp": "image-webp", ".avif": "image-avif", ".heic": "image-heif",
    ".heif": "image-heif", ".tif": "image-tiff", ".tiff": "image-tiff", ".bmp": "image-bmp",
    ".apng": "image-apng",
}  # fmt: skip
_OF_NONE = {
    "script": "A script",
    "iframe": _("A frame (<iframe>)"),
    "applet": _("An applet"),
    "frameset": _("A set of frames"),
}
"""What no mail program runs or shows."""


class Use(NamedTuple):
    feature: str
    at: int
    written: str


@cache
def data() -> dict[str, Any]:
    return dict(json.loads(_DATA.read_text("utf-8")))


def never_shown(message: Message) -> Iterator[Finding]:
    for name, said in _OF_NONE.items():
        tags = [tag for tag in message.document.tags if tag.name == name]
        if tags:
            yield message.placed(
                Finding(
                    f"never_shown_{name}",
                    Level.WARNING,
                    gettext("%(element)s is in the message.") % {"element": said},
                    gettext(
                        "Every mail program takes it out, and filters take the message for an "
                        "attack."
                    ),
                    gettext("Take it out; link to a page on the web that has it."),
                ),
                [Spot(tag.start, f"<{name}") for tag in tags],
            )


def dropped(message: Message) -> Iterator[Finding]:
    uses: dict[str, list[Spot]] = {}
    for use in _uses(message):
        uses.setdefault(use.feature, []).append(Spot(use.at, use.written))
    for feature, spots in sorted(uses.items(), key=lambda item: item[0] not in BREAKING):
        finding = _finding(feature)
        if finding and (own := message.own(spots)):
            yield message.placed(finding, own)


def _finding(feature: str) -> Finding | None:
    """None for what every program shows."""
    known = data()["features"][feature]
    drops, partly = ([data()["programs"][key] for key in known[kind]] for kind in _KINDS)
    if not drops:
        return None
    title = known["title"]
    is_breaking = feature in BREAKING
    return Finding(
        f"dropped_{feature}",
        Level.WARNING if is_breaking else Level.NOTE,
        gettext("“%(title)s” is dropped by %(programs)s.")
        % {"title": title, "programs": listed(drops, 6)},
        _loss(is_breaking, partly, known["tested"]),
        gettext("Do it with tables, images and plain styles, or see that it reads well without.")
        if is_breaking else gettext("See that it reads well without."),
    )  # fmt: skip


_KINDS = ("drops", "partly")


def _uses(message: Message) -> Iterator[Use]:
    document, html = message.document, message.written.html
    for start, end in document.sheets:
        yield from _in_css(html[start:end], start)
    for tag in document.tags:
        if span := tag.style:
            quoted = html[slice(*span)]
            yield from _in_css(unquoted(quoted), span[0] + (quoted[0] in "\"'"), in_sheet=False)
        if feature := _of_element(tag.name, document.attribute(tag, "type") or ""):
            yield Use(feature, tag.start, f"<{tag.name}")
        if tag.name == "link" and _is_sheet(document.attribute(tag, "rel") or ""):
            yield Use("html-link", tag.start, document.attribute(tag, "href") or "<link")
        if "popover" in tag.values:
            yield Use("html-popover", tag.start, "popover")
        if tag.name == "img" and "srcset" in tag.values:
            yield Use("html-srcset", tag.start, "srcset")
    for image in document.images:
        if feature := _of_image(image.src):
            yield Use(feature, image.start, image.src[:60])


def _is_sheet(rel: str) -> bool:
    return "stylesheet" in rel.lower().split()


def _of_element(name: str, kind: str) -> str:
    if name == "input":
        return f"html-input-{kind.lower()}" if kind.lower() in _INPUTS else "html-input-text"
    if name == "button" and kind.lower() == "reset":
        return "html-button-reset"
    return _ELEMENTS.get(name, "")


def _of_image(src: str) -> str:
    if src[:5].lower() == "data:":
        return "image-base64"
    path = src.partition("?")[0].partition("#")[0].lower()
    return next((feature for end, feature in _ENDINGS.items() if path.endswith(end)), "")


def _in_css(css: str, start: int, *, in_sheet: bool = True) -> Iterator[Use]:
    css = _COMMENT.sub(lambda found: " " * len(found[0]), css)
    if in_sheet:
        for rule in _AT_RULE.finditer(css):
            yield Use(f"css-at-{rule[1].lower()}", start + rule.start(), rule[0])
    for declared in _DECLARATION.finditer(css):
        written = " ".join(declared[0].split())[:60]
        for feature in _of_declaration(declared[1].lower(), declared[2]):
            yield Use(feature, start + declared.start(), written)


def _of_declaration(name: str, value: str) -> Iterator[str]:
    if name == "position" and _POSITIONED.match(value):
        yield "css-position"
    elif name == "display" and (shown := _DISPLAY.match(value)):
        yield f"css-display-{shown[1].lower()}"
    elif name in _PROPERTIES and value.strip().lower() not in ("none", "initial", "normal", "1"):
        yield f"css-{name}"
    elif name.startswith("--"):
        yield "css-variables"
    for used in {found[1].lower() for found in _FUNCTION.finditer(value)}:
        yield _FUNCTIONS.get(used, f"css-{used.removeprefix('repeating-')}")


CHECKS = (never_shown, dropped)


def _loss(is_breaking: bool, partly: Sequence[str], tested: str) -> str:
    said = (
        gettext("The message loses its shape or its content there")
        if is_breaking
        else gettext("The message looks plainer there")
    )
    if partly:
        said += gettext("; %(programs)s only in part") % {"programs": listed(partly, 6)}
    return gettext("%(said)s (caniemail.com, %(tested)s).") % {"said": said, "tested": tested}
