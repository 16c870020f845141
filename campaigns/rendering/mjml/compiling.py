"""Compiling: MJML in which tokens stand for Liquid and HTML, and the HTML with both put back."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext
from mjml import mjml2html

from campaigns.rendering.html.source import Edit, apply_edits, unescape
from campaigns.rendering.liquid.environment import MAX_SOURCE
from campaigns.rendering.mjml import icons, reasons, rules
from campaigns.rendering.mjml.columns import share_of
from campaigns.rendering.mjml.places import Wrong
from campaigns.rendering.mjml.reading import Between, Document, Element, read

_NOT_SHOWN = ("comment", "doc", "#")
POSITION = re.compile(r"position (\d+)")
_NO_FONTS: dict[str, str] = {}
"""Fonts that the compiler would load from elsewhere for their name alone."""
_IN_ADDRESS = re.compile(r"[\"'()<>\s]")
IN_SOCIAL = (
    r"<!--\[if mso \| IE\]><td><!\[endif\]--><table [^<>]*><tbody><!--({token})--></tbody></table>"
    r"<!--\[if mso \| IE\]></td><!\[endif\]-->"
)
"""What the compiler makes of a comment between elements of <mj-social>: a cell."""


@dataclass(slots=True)
class Token:
    text: str
    at: int
    is_in_wrapper: bool = False
    must_be_found: bool = True
    """In the HTML: else it had no effect."""
    attribute: str = ""


@dataclass(slots=True)
class _Written:
    """The MJML for the compiler, with where in the source each part of it comes from."""

    parts: list[str] = field(default_factory=list)
    length: int = 0
    starts: list[int] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text.encode())

    def comes_from(self, at: int) -> None:
        self.starts.append(self.length)
        self.sources.append(at)

    def source_of(self, position: int) -> int | None:
        found = bisect_right(self.starts, position) - 1
        return self.sources[found] if found >= 0 else None


def compile_mjml(source: str) -> str:
    """HTML with the Liquid of the source, which can be parsed as Liquid. Raises Wrong."""
    document = read(source)
    mjml = rules.check(document)
    return _Compiler(document, mjml).run()


def preview_text_of(source: str) -> str:
    """What <mj-preview> has. Raises Wrong."""
    mjml = rules.check(read(source))
    contents = (one.content for one in mjml.walk() if one.name == "mj-preview" and one.content)
    return "".join(source[start:end].strip() for start, end in contents)


class _Compiler:
    def __init__(self, document: Document, mjml: Element) -> None:
        self.document, self.mjml = document, mjml
        self.source = document.source
        self.tokens: dict[str, Token] = {}
        self.prefix = "edmtoken"
        while self.prefix in self.source:
            self.prefix += "q"
        self.written = _Written()
        self.before: list[str] = []
        self.after: list[str] = []
        self.column_share: str | None = None
        self.defaults = _widths_by_default(document, mjml)

    def run(self) -> str:
        self._outside()
        self._write(self.mjml)
        html = self._compiled("".join(self.written.parts))
        html = "".join([*self.before, self._with_contents(html), *self.after])
        if len(html) > MAX_SOURCE:
            raise Wrong(
                gettext("the HTML made of it is longer than %(most)s characters")
                % {"most": f"{MAX_SOURCE:,}"}
            )
        return html

    def _compiled(self, mjml: str) -> str:
        try:
            return icons.own(mjml2html(mjml, fonts=_NO_FONTS))
        except ValueError as error:
            raise self._not_compiled(str(error)) from error
        except BaseException as error:  # a panic of its core is no Exception
            if type(error).__name__ != "PanicException":
                raise
            raise self._not_compiled(gettext("the compiler gave up")) from error

    def _not_compiled(self, said: str) -> Wrong:
        position = POSITION.search(said)
        at = self.written.source_of(int(position[1])) if position else None
        plain = reasons.in_plain_words(said)[:200]
        return Wrong(gettext("it cannot be compiled here (%(said)s)") % {"said": plain}, at)

    def _outside(self) -> None:
        where = self.before
        for child in self.document.root.children:
            if child is self.mjml:
                where = self.after
            elif isinstance(child, Between) and child.tag not in _NOT_SHOWN:
                where.append(child.text)

    def _token(self, text: str, at: int, **known: object) -> str:
        name = f"{self.prefix}{len(self.tokens)}z"
        self.tokens[name] = Token(text, at, **known)  # type: ignore[arg-type]
        return name

    def _write(self, element: Element, parent: Element | None = None) -> None:
        if self._is_put_first(element):
            return
        self.written.comes_from(element.start)
        self.written.add(f"<{element.name}")
        self._write_attributes(element, parent)
        self.written.add(">")
        if element.content is not None:
            self._write_content(element, parent)
        share = share_of(element) if element.name in ("mj-section", "mj-group") else None
        for child in element.children:
            self.column_share = share
            if isinstance(child, Element):
                self._write(child, element)
            else:
                self._write_between(child, element)
        self.written.add(f"</{element.name}>")

    def _is_put_first(self, element: Element) -> bool:
        """<mj-raw position="file-start">."""
        if element.name != "mj-raw" or "position" not in element.attributes:
            return False
        if element.content is not None:
            self.before.append(self.source[slice(*element.content)])
        return True

    def _write_content(self, element: Element, parent: Element | None) -> None:
        assert element.content is not None
        text = self.source[slice(*element.content)]
        if element.name == "mj-title":  # it is written as an attribute too
            text = self._outside_liquid(element.content.start, text, _without_marks)
        if text.strip():
            in_wrapper = parent is not None and parent.name == "mj-wrapper"
            start = element.content.start
            self.written.add(
                self._token(text, start, is_in_wrapper=in_wrapper, must_be_found=False)
            )

    def _outside_liquid(self, start: int, text: str, change: object) -> str:
        assert callable(change)
        edits, at = [], 0
        for unit in self.document.units.within(start, start + len(text)):
            edits.append(Edit(at, unit.start - start, change(text[at : unit.start - start])))
            at = unit.end - start
        edits.append(Edit(at, len(text), change(text[at:])))
        return apply_edits(text, edits)

    def _write_between(self, between: Between, parent: Element) -> None:
        if between.tag in _NOT_SHOWN:
            return
        if parent.name in ("mjml", "mj-head"):
            self.before += [between.text] if between.tag else []
            return
        in_wrapper = parent.name == "mj-wrapper"
        token = self._token(between.text, between.at, is_in_wrapper=in_wrapper)
        self.written.comes_from(between.at)
        as_comment = parent.name in rules.TAKE_COMMENTS
        self.written.add(f"<!--{token}-->" if as_comment else f"<mj-raw>{token}</mj-raw>")

    def _write_attributes(self, element: Element, parent: Element | None) -> None:
        for name, span in element.attributes.items():
            self.written.comes_from(span.start)
            is_default = parent is not None and parent.name == "mj-attributes"
            value = self._value(name, *span, is_default=is_default)
            if (element.name, name) == ("mj-font", "href"):
                value = self._address(value, span.start)
            self.written.add(f' {name}="{value}"')
        if self.column_share and element.name == "mj-column" and not self._has_width(element):
            self.written.add(f' width="{self.column_share}"')

    def _value(self, name: str, start: int, end: int, *, is_default: bool) -> str:
        pieces, at = [], start
        for unit in self.document.units.within(start, end):
            token = self._token(unit.text, unit.start, must_be_found=not is_default, attribute=name)
            pieces += [_quoted(self.source[at : unit.start]), token]
            at = unit.end
        return "".join([*pieces, _quoted(self.source[at:end])])

    def _address(self, value: str, at: int) -> str:
        """Of a font: it is written in CSS, where nothing is escaped."""
        address = unescape(value)
        if _IN_ADDRESS.search(address):
            raise Wrong(gettext("this is not the address of a style sheet"), at)
        return address

    def _has_width(self, column: Element) -> bool:
        if "width" in column.attributes or "" in self.defaults:
            return True
        span = column.attributes.get("mj-class")
        return span is not None and bool({*self.source[slice(*span)].split()} & self.defaults)

    def _with_contents(self, html: str) -> str:
        any_token = rf"{self.prefix}[0-9]++z"
        html = re.sub(IN_SOCIAL.format(token=any_token), r"<!--\1-->", html)
        found: set[str] = set()
        pieces, at = [], 0
        for match in re.finditer(rf"<!--({any_token})-->|({any_token})", html):
            name = match[1] or match[2]
            found.add(name)
            pieces += [html[at : match.start()], _put_back(self.tokens[name])]
            at = match.end()
        self._refuse_lost(found)
        return "".join([*pieces, html[at:]])

    def _refuse_lost(self, found: set[str]) -> None:
        for name, token in self.tokens.items():
            if token.must_be_found and name not in found:
                if token.attribute:
                    raise Wrong(
                        gettext(
                            "MJML needs “%(attribute)s” when the template is saved: write a plain "
                            "value, without Liquid"
                        )
                        % {"attribute": token.attribute},
                        token.at,
                    )
                raise Wrong(gettext("MJML leaves out what stands here"), token.at)


def _put_back(token: Token) -> str:
    """Between the rows of a wrapper the compiler is within a comment for Outlook."""
    return f"<![endif]-->{token.text}<!--[if mso | IE]>" if token.is_in_wrapper else token.text


def _quoted(text: str) -> str:
    return text.replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


def _without_marks(text: str) -> str:
    return text.replace('"', "&quot;").replace("<", "&lt;")


def _widths_by_default(document: Document, mjml: Element) -> set[str]:
    """The classes that give columns a width, and "" where all have one."""
    return set(_named_widths(document, mjml))


def _named_widths(document: Document, mjml: Element) -> Iterator[str]:
    for attributes in mjml.walk():
        if attributes.name != "mj-attributes":
            continue
        for default in attributes.elements():
            if "width" in default.attributes:
                if default.name in ("mj-all", "mj-column"):
                    yield ""
                elif default.name == "mj-class" and "name" in default.attributes:
                    yield document.source[slice(*default.attributes["name"])]
