"""An HTML message as the checks see it: its images, links, style sheets and visible text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from campaigns.rendering.html.hrefs import unescape_attribute
from campaigns.rendering.html.source import HtmlReader, StartTag, mask_liquid, unquoted

VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source")
) | {"track", "wbr", "v:fill", "v:imagedata"}
"""Elements without an end tag."""
_UNSEEN = frozenset({"script", "style", "title", "head", "template", "noscript"})
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0*)?\s*(?:;|\Z|!)",
    re.IGNORECASE,
)
_FONT_SIZE = re.compile(r"(?:\A|[;\s])font(?:-size)?\s*:\s*([^;]{0,80})", re.IGNORECASE)
_NO_SIZE = re.compile(r"(?:\A|\s)0(?:\.0*)?(?:[a-z%]{0,4})?(?:\s|/|!|\Z)", re.IGNORECASE)


@dataclass(slots=True)
class Link:
    """An <a> with an href. `texts` are what readers see of it, images' words included."""

    start: int
    href: str
    is_hidden: bool
    texts: list[str] = field(default_factory=list)
    has_image: bool = False
    has_end: bool = False

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


@dataclass(slots=True)
class Image:
    """`alt` is None for one without the attribute."""

    start: int
    src: str
    alt: str | None
    width: str
    height: str
    style: str
    is_hidden: bool
    link: Link | None = None

    @property
    def is_pixel(self) -> bool:
        """One that counts opens, say, and is not to be seen."""
        return {self.width.strip(), self.height.strip()} <= {"0", "1", "0px", "1px"}


@dataclass(slots=True)
class _Open:
    name: str
    is_hidden: bool
    is_tiny: bool


class Document(HtmlReader):
    """Read in linear time. Liquid counts as text where it prints, and as nothing where it does not;
    comments, Outlook's conditional ones too, count as nothing.
    """

    def __init__(self, html: str) -> None:
        self.source = html
        self.tags: list[StartTag] = []
        self.links: list[Link] = []
        self.images: list[Image] = []
        self.sheets: list[tuple[int, int]] = []
        """The spans of style elements' texts."""
        self.ids: set[str] = set()
        self.words: list[str] = []
        """Of the visible text."""
        self._open: list[_Open] = []
        self._names: dict[str, int] = {}
        self._link: Link | None = None
        self._sheet = -1
        self.read(mask_liquid(html, tags_as=" "))

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def attribute(self, tag: StartTag, name: str) -> str | None:
        """As it is written, Liquid included, with its character references decoded; None without
        one."""
        if name not in tag.values:
            return None
        span = tag.values[name]
        return unescape_attribute(unquoted(self.source[slice(*span)])) if span else ""

    def handle_start_tag(self, tag: StartTag) -> None:
        self.tags.append(tag)
        is_hidden, is_tiny = self._state(tag)
        for name in ("id", "name"):
            if kept := self.attribute(tag, name):
                self.ids.add(kept)
        if tag.name == "a" and "href" in tag.values:
            self._link = Link(tag.start, self.attribute(tag, "href") or "", is_hidden or is_tiny)
            self.links.append(self._link)
        elif tag.name == "img":
            self._take_image(tag, is_hidden)
        elif tag.name == "style":
            self._sheet = tag.end
        if tag.name not in VOID:
            self._open.append(_Open(tag.name, is_hidden, is_tiny))
            self._names[tag.name] = self._names.get(tag.name, 0) + 1

    def _state(self, tag: StartTag) -> tuple[bool, bool]:
        """Whether an element is hidden, and whether its text has no size."""
        above = self._open[-1] if self._open else _Open("", False, False)
        style = self.attribute(tag, "style") or ""
        size = _FONT_SIZE.search(style)
        is_hidden = above.is_hidden or "hidden" in tag.values or bool(_HIDDEN.search(style))
        is_tiny = bool(_NO_SIZE.search(size[1])) if size else above.is_tiny
        return is_hidden or tag.name in _UNSEEN, is_tiny

    def _take_image(self, tag: StartTag, is_hidden: bool) -> None:
        value = {name: self.attribute(tag, name) for name in ("src", "width", "height", "style")}
        self.images.append(
            Image(
                tag.start,
                value["src"] or "",
                self.attribute(tag, "alt"),
                value["width"] or "",
                value["height"] or "",
                value["style"] or "",
                is_hidden,
                self._link,
            )
        )
        if self._link is not None:
            self._link.has_image = True
            self._link.texts.append(self.attribute(tag, "alt") or "")

    def handle_end_tag(self, name: str, start: int, end: int) -> None:
        if name == "style" and self._sheet >= 0:
            self.sheets.append((self._sheet, start))
            self._sheet = -1
        if name == "a" and self._link is not None:
            self._link.has_end = True
            self._link = None
        if self._names.get(name):
            while self._open:
                closed = self._open.pop().name
                self._names[closed] -= 1
                if closed == name:
                    break

    def handle_text(self, text: str) -> None:
        above = self._open[-1] if self._open else None
        if above and (above.is_hidden or above.is_tiny):
            return
        self.words.append(text)
        if self._link is not None:
            self._link.texts.append(text)
