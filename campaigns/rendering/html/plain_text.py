"""Make the plain text template from the HTML template: once per launch, not once per recipient."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from campaigns.rendering.html.source import HtmlReader, StartTag
from campaigns.rendering.html.text_layout import TextFlow
from campaigns.rendering.liquid.environment import markup_in

# Stand for a piece of Liquid while the HTML around it is read: private-use characters, so that no
# letter, entity or white space of the text can be taken for them.
_OPEN, _CLOSE = "\ue000", "\ue001"
_HELD = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
_PIECES = re.compile(f"({_OPEN}\\d+{_CLOSE})")
_PRIVATE = str.maketrans("", "", _OPEN + _CLOSE)
# Preheaders are padded with characters that show nothing; a no-break space is a space here.
_INVISIBLE = str.maketrans("\u00a0", " ", "\u00ad\u034f\u200b\u2060\ufeff")
# Braces of the text itself, written as entities, say: Liquid must not take them for its own.
_LITERAL_BRACE = re.compile(f"{{(?=[{{%{_OPEN}])")

_UNSEEN = {"head", "style", "script", "title", "template", "noscript", "object", "select", "svg"}
_VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "wbr",
}
_BLANK_LINE_AROUND = {"p", "ul", "ol", "dl", "table", "pre", "blockquote", "hr"} | {
    f"h{level}" for level in range(1, 7)
}
_LINE_BREAK_AROUND = {"body", "div", "li", "tr", "dt", "dd", "header", "footer", "main", "nav"} | {
    "section", "article", "aside", "center", "figure", "figcaption", "address", "caption", "form"
}  # fmt: skip
_HIDING = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_READ = {"style", "hidden", "alt", "href", "role"}  # attributes that matter
_WRITING_TAGS = {"echo", "cycle", "increment", "decrement"}
_DEEPEST_INDENT = 10  # levels of lists; deeper ones would make the text grow with their square
_NOT_AN_ADDRESS = re.compile(r"#|(javascript|vbscript|data|about):", re.IGNORECASE)


def compile_text(html: str) -> str:
    """Return a Liquid template of what a reader sees: text, link addresses, lists, tables.

    What is hidden from readers (styles, scripts, comments, hidden elements) is left out, but the
    Liquid tags in it stay: an assign there may matter, and blocks must stay balanced.
    Raises Problem.
    """
    html = html.translate(_PRIVATE)
    liquid = list(markup_in(html))
    parts, at = [], 0
    for number, found in enumerate(liquid):
        parts += [html[at : found.start], f"{_OPEN}{number}{_CLOSE}"]
        at = found.end
    reader = _Reader([found.tag for found in liquid])
    reader.read("".join([*parts, html[at:]]))
    text = _LITERAL_BRACE.sub('{{ "{" }}', reader.flow.text())
    return _HELD.sub(lambda held: liquid[int(held[1])].text, text)


@dataclass(slots=True)
class _Skipped:
    """A hidden element being passed over; `depth` counts elements of its name open inside it."""

    tag: str
    depth: int = 1


@dataclass(slots=True)
class _Link:
    address: str
    starts_at: int


@dataclass(slots=True)
class _Table:
    is_layout: bool
    cells: int = 0


class _Reader(HtmlReader):
    """Reads HTML in which Liquid is held; `liquid_tags` has the tag name of each piece, or ""."""

    def __init__(self, liquid_tags: list[str]) -> None:
        self.flow = TextFlow()
        self._liquid_tags = liquid_tags
        self._skipped: _Skipped | None = None
        self._link: _Link | None = None
        self._lists: list[int | None] = []  # the last number given, None in a bulleted list
        self._tables: list[_Table] = []

    def handle_start_tag(self, tag: StartTag) -> None:
        name = tag.name
        if self._skipped and not self._leaves_skipped(self._skipped, name):
            self._skipped.depth += name == self._skipped.tag
            return
        values = {
            attribute: self.value(tag, attribute) or "" for attribute in _READ & tag.values.keys()
        }
        if name not in _VOID and (name in _UNSEEN or _is_hidden(values)):
            self._skipped = _Skipped(name)
            return
        self._break_around(name)
        self._start(name, values)

    def handle_end_tag(self, name: str, start: int, end: int) -> None:
        if self._skipped:
            self._skipped.depth -= name == self._skipped.tag
            if not self._skipped.depth:
                self._skipped = None
            return
        self._end(name)
        self._break_around(name)

    def handle_text(self, text: str) -> None:
        if self._skipped:
            self._keep_tags(text)
            return
        for piece in _PIECES.split(text):
            if self._is_liquid_tag(piece):
                self.flow.mark(piece)
            else:
                self.flow.write(piece.translate(_INVISIBLE))

    def handle_comment(self, start: int, end: int) -> None:
        self._keep_tags(self.html[start:end])

    def _keep_tags(self, unseen: str) -> None:
        for held in _HELD.finditer(unseen):
            if self._is_liquid_tag(held[0]) and self._tag_of(held) not in _WRITING_TAGS:
                self.flow.mark(held[0])

    def _is_liquid_tag(self, piece: str) -> bool:
        held = _HELD.fullmatch(piece)
        return held is not None and self._tag_of(held) != ""

    def _tag_of(self, held: re.Match[str]) -> str:
        return self._liquid_tags[int(held[1])]

    def _leaves_skipped(self, skipped: _Skipped, tag: str) -> bool:
        """Whether this start tag ends the hidden element, whose own end tag may be left out."""
        if (skipped.tag, tag) not in {("head", "body"), ("p", "p")}:
            return False
        self._skipped = None
        return True

    def _break_around(self, tag: str) -> None:
        if tag in _BLANK_LINE_AROUND:
            nested = tag in ("ul", "ol") and self._lists
            self.flow.break_lines(1 if nested else 2)
        elif tag in _LINE_BREAK_AROUND:
            self.flow.break_lines(1)

    def _start(self, tag: str, values: dict[str, str]) -> None:
        match tag:
            case "br":
                self.flow.break_here()
            case "hr":
                self.flow.write("-" * 20)
                self._break_around(tag)
            case "img":
                self._write_image(values.get("alt", "").strip())
            case "a":
                self._end_link()
                self._link = _Link(_address(values.get("href", "")), self.flow.position)
            case "ul" | "ol":
                self._lists.append(0 if tag == "ol" else None)
            case "li":
                self._start_item()
            case "pre":
                self.flow.keep_white_space = True
            case "table":
                role = values.get("role", "").lower()
                self._tables.append(_Table(is_layout=role in ("presentation", "none")))
            case "tr" if self._tables:
                self._tables[-1].cells = 0
            case "td" | "th" if self._tables:
                self._start_cell(self._tables[-1])

    def _end(self, tag: str) -> None:
        match tag:
            case "a":
                self._end_link()
            case "ul" | "ol" if self._lists:
                self._lists.pop()
            case "li":
                self.flow.prefix = ""
            case "pre":
                self.flow.keep_white_space = False
            case "table" if self._tables:
                self._tables.pop()

    def _write_image(self, alt: str) -> None:
        if alt:
            self.flow.write(alt if self._link else f"[{alt}]")

    def _start_item(self) -> None:
        bullet = "- "
        if self._lists and (number := self._lists[-1]) is not None:
            self._lists[-1] = number + 1
            bullet = f"{number + 1}. "
        self.flow.prefix = "  " * (min(len(self._lists), _DEEPEST_INDENT) - 1) + bullet

    def _start_cell(self, table: _Table) -> None:
        table.cells += 1
        if table.is_layout:
            self.flow.break_lines(1)
        elif table.cells > 1:
            self.flow.separate(" | ")

    def _end_link(self) -> None:
        link, self._link = self._link, None
        if link is None or not link.address:
            return
        label = self.flow.since(link.starts_at).strip()
        if not label:
            self.flow.write(link.address)
        elif label.rstrip("/") not in (link.address.rstrip("/"), _without_scheme(link.address)):
            self.flow.write(f" ({link.address})")


def _is_hidden(values: dict[str, str]) -> bool:
    style = values.get("style", "")
    return "hidden" in values or (_OPEN not in style and _HIDING.search(style) is not None)


def _address(href: str) -> str:
    """What to show of a link, "" for one that leads nowhere outside the mail."""
    href = " ".join(href.split())
    scheme, _, rest = href.partition(":")
    if _NOT_AN_ADDRESS.match(href):
        return ""
    if scheme.lower() in ("mailto", "tel", "sms"):
        return unquote(rest.partition("?")[0])
    return f"https:{href}" if href.startswith("//") else href


def _without_scheme(address: str) -> str:
    return address.partition("://")[2].rstrip("/")
