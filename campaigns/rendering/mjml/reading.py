"""MJML source as a tree of elements, with Liquid and conditional comments where they stand.

Elements that hold HTML (<mj-text>, <mj-raw>) are not looked into: what browsers read is no XML. The
rest is parsed as XML, with no document type, no entities and nothing loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.rendering.html.source import Edit, HtmlReader, StartTag, apply_edits
from campaigns.rendering.mjml import reasons
from campaigns.rendering.mjml.liquid_units import Units, refuse_torn, tag_of
from campaigns.rendering.mjml.places import Places, Wrong
from campaigns.rendering.mjml.vocabulary import KINDS, NOT_READ, meant

MOST_ELEMENTS = 5_000
DEEPEST = 30
_NO_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_NOT_NEW_LINE = re.compile(r"[^\n]")
_ATTRIBUTE = re.compile(r"[a-z_][a-z0-9_.:-]*", re.IGNORECASE)
_SETS = ("assign", "capture", "increment", "decrement", "liquid")
"""Liquid that has an effect elsewhere."""

_SYNTAX = {
    expat.errors.XML_ERROR_DUPLICATE_ATTRIBUTE: _("this tag has an attribute twice"),
    expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT: _("there is something behind </mjml>"),
    expat.errors.XML_ERROR_INVALID_TOKEN: _(
        'this is not well-formed: an attribute is written name="value", with quotes'
    ),
}


class Span(NamedTuple):
    """Of the source, in characters."""

    start: int
    end: int


@dataclass(slots=True)
class Between:
    """What stands between elements and is no element: Liquid, or a comment that is kept."""

    at: int
    text: str
    tag: str = ""
    """Of Liquid."""


@dataclass(slots=True)
class Element:
    name: str
    start: int
    attributes: dict[str, Span] = field(default_factory=dict)
    """The values, without their quotes."""
    children: list[Element | Between] = field(default_factory=list)
    content: Span | None = None
    """Of one that holds HTML."""
    tag_end: int = 0

    def elements(self) -> Iterator[Element]:
        return (child for child in self.children if isinstance(child, Element))

    def walk(self) -> Iterator[Element]:
        yield self
        for child in self.elements():
            yield from child.walk()


@dataclass(slots=True)
class Document:
    source: str
    root: Element
    """Has as children what stands before the <mjml>, itself, and what stands behind."""
    units: Units
    places: Places


def read(source: str) -> Document:
    """Of a source that can be parsed as Liquid. Raises Wrong."""
    if found := _NO_CHARACTER.search(source):
        raise Wrong(
            gettext("the character U+%(character)s cannot stand in a text")
            % {"character": f"{ord(found[0]):04X}"},
            found.start(),
        )
    units = Units(source)
    reader = _Reader(source, units)
    reader.read_all()
    _parse_as_xml(reader.skeleton())
    return Document(source, reader.root, units, Places(source))


class _Reader(HtmlReader):
    """Builds the tree. HTML in an element is read, to find where the element ends."""

    def __init__(self, source: str, units: Units) -> None:
        self.source, self.units = source, units
        masked = (Edit(one.start, one.end, "x" * (one.end - one.start)) for one in units.all)
        self.masked = apply_edits(source, masked)
        self.root = Element("", 0)
        self._open = [self.root]
        self._at = 0
        self._elements = 0
        self._blank: list[Edit] = []
        """What is no XML, to be put out of sight of a parser."""

    def read_all(self) -> None:
        self.read(self.masked)
        innermost = self._open[-1]
        self._refuse_unended_tag(innermost)
        if innermost.name:
            raise Wrong(
                gettext("<%(name)s> is not closed") % {"name": innermost.name},
                innermost.start,
            )
        self._between(len(self.source))

    def _refuse_unended_tag(self, innermost: Element) -> None:
        at = self.masked.find("<", self._at)
        if at >= 0 and not innermost.content and re.match("</?[a-zA-Z]", self.masked[at : at + 3]):
            raise Wrong(gettext("this tag does not end: a quote or “>” is missing"), at)

    def skeleton(self) -> str:
        """The source with x for all that is not MJML, in the same places."""
        return _NOT_ASCII.sub("x", apply_edits(self.masked, self._blank))

    @property
    def _holder(self) -> Element | None:
        """The element that holds the HTML which is read."""
        return self._open[-1] if self._open[-1].content else None

    def _put_away(self, start: int, end: int, by: str = "x") -> None:
        if start < end:
            text = _NOT_NEW_LINE.sub(by, self.source[start:end])
            self._blank.append(Edit(start, end, text))

    def _between(self, end: int) -> None:
        """What stands between the last tag or comment and here."""
        start, self._at = self._at, end
        units = self.units.within(start, end)
        left = apply_edits(self.masked[start:end], [
            Edit(unit.start - start, unit.end - start, " " * (unit.end - unit.start))
            for unit in units
        ])  # fmt: skip
        if text := left.strip():
            raise Wrong(
                gettext(
                    "the text “%(text)s” stands between elements: put it in <mj-text> or <mj-raw>"
                )
                % {"text": text[:40]},
                start + len(left) - len(left.lstrip()),
            )
        for unit in units:
            self._put_away(unit.start, unit.end, " ")
            self._open[-1].children.append(Between(unit.start, unit.text, tag_of(unit)))

    def handle_start_tag(self, tag: StartTag) -> None:
        name = self.source[tag.start + 1 : tag.name_end]
        if self._holder is not None:
            if tag.name in KINDS:
                holder = self._holder.name
                raise Wrong(
                    gettext("<%(name)s> cannot stand in <%(holder)s>, which holds HTML")
                    % {"name": name, "holder": holder},
                    tag.start,
                )
            return
        self._between(tag.start)
        self._at = tag.end
        refuse_unknown(name, tag.start)
        element = Element(name, tag.start, tag_end=tag.end)
        element.attributes = self._attributes(tag)
        self._open[-1].children.append(element)
        self._count(element)
        if self.masked[tag.end - 2] != "/":
            self._begin(element, tag)

    def _begin(self, element: Element, tag: StartTag) -> None:
        self._open.append(element)
        if name_holds_html(element.name):
            element.content = Span(tag.end, tag.end)

    def _count(self, element: Element) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise Wrong(
                gettext("there are more than %(most)s elements") % {"most": f"{MOST_ELEMENTS:,}"},
                element.start,
            )
        if len(self._open) > DEEPEST:
            raise Wrong(
                gettext("elements are nested more than %(most)s deep") % {"most": DEEPEST},
                element.start,
            )

    def _attributes(self, tag: StartTag) -> dict[str, Span]:
        values: dict[str, Span] = {}
        inside = 0
        for name, span in tag.values.items():
            if not _ATTRIBUTE.fullmatch(name) or span is None:
                self._refuse_attribute(tag, name)
            else:
                quoted = self.masked[span[0]] in "\"'"
                values[name] = Span(span[0] + 1, span[1] - 1) if quoted else Span(*span)
                inside += len(self.units.within(*span))
                if quoted:
                    self._put_away(*values[name])
        if len(self.units.within(tag.start, tag.end)) != inside:
            self._refuse_liquid_among_attributes(tag)
        return values

    def _refuse_attribute(self, tag: StartTag, name: str) -> None:
        self._refuse_liquid_among_attributes(tag)
        at = max(self.masked.lower().find(name, tag.name_end, tag.end), tag.start)
        if not _ATTRIBUTE.fullmatch(name):
            said = gettext(
                "“%(name)s” is no name of an attribute: a quote or “>” is missing before it"
            ) % {"name": name[:40]}
            raise Wrong(said, at)
        raise Wrong(
            gettext('the attribute “%(name)s” has no value: write %(name)s="…"')
            % {"name": name[:40]},
            at,
        )

    def _refuse_liquid_among_attributes(self, tag: StartTag) -> None:
        spans = [span for span in tag.values.values() if span]
        for unit in self.units.within(tag.start, tag.end):
            if not any(start <= unit.start < end for start, end in spans):
                raise Wrong(
                    gettext(
                        "Liquid stands in a tag, outside of a value: it may stand in a value, "
                        'name="{{ … }}", or around the whole element'
                    ),
                    unit.start,
                )

    def handle_end_tag(self, name: str, start: int, end: int) -> None:
        holder = self._holder
        if holder is not None:
            if name == holder.name.lower():
                self._end_content(holder, start, end)
            elif name in KINDS:
                raise Wrong(
                    gettext("<%(holder)s> is not closed before </%(name)s>")
                    % {"holder": holder.name, "name": name},
                    holder.start,
                )
            return
        self._between(start)
        self._at = end
        innermost = self._open[-1]
        if name != innermost.name.lower():
            if any(element.name.lower() == name for element in self._open):
                raise Wrong(
                    gettext("<%(holder)s> is not closed before </%(name)s>")
                    % {"holder": innermost.name, "name": name},
                    innermost.start,
                )
            raise Wrong(
                gettext("</%(name)s> closes nothing: no <%(name)s> is open") % {"name": name[:40]},
                start,
            )
        self._open.pop()

    def _end_content(self, holder: Element, start: int, end: int) -> None:
        assert holder.content
        holder.content = Span(holder.content.start, start)
        self._put_away(*holder.content)
        refuse_torn(self.units.within(*holder.content), f"<{holder.name}>")
        self._open.pop()
        self._at = end

    def handle_comment(self, start: int, end: int) -> None:
        if self._holder is not None:
            return
        begin = start - len("<!--")
        self._between(begin)
        closing = self.masked.find(">", end)
        if closing < 0:
            raise Wrong(gettext("this comment is not closed: “-->” is missing"), begin)
        self._at = closing + 1
        self._put_away(start, end)
        units = self.units.within(start, end)
        refuse_torn(units, "a comment")
        is_conditional = self.source[start:end].lstrip().lower().startswith(("[if", "<![endif"))
        if is_conditional or any(tag_of(unit) in _SETS for unit in units):
            text = self.source[begin : self._at]
            self._open[-1].children.append(Between(begin, text))

    def handle_declaration(self, start: int, end: int) -> None:
        if self._holder is None:
            raise Wrong(gettext("MJML has no document type: begin with <mjml>"), start)

    def handle_bogus_comment(self, start: int, end: int) -> None:
        begin = start - len("<!")
        if self.source.startswith("<![CDATA[", begin):
            raise Wrong(gettext("CDATA is not needed in MJML: write the text as it is"), begin)
        if self._holder is not None:
            return
        if not (self.source.startswith("<?xml", begin) and not self.source[:begin].strip()):
            raise Wrong(
                gettext("“%(text)s” is no element of MJML")
                % {"text": self.source[begin : begin + 10]},
                begin,
            )
        self._put_away(begin, end + 1, " ")
        self._at = end + 1


def refuse_unknown(name: str, at: int) -> None:
    """Raises Wrong."""
    if name in NOT_READ:
        raise Wrong(
            gettext("<%(name)s> is refused: %(why)s") % {"name": name, "why": NOT_READ[name]},
            at,
        )
    if name not in KINDS:
        raise Wrong(
            gettext("<%(name)s> is no element of MJML%(did_you_mean)s")
            % {"name": name[:40], "did_you_mean": meant(name, KINDS)},
            at,
        )


def name_holds_html(name: str) -> bool:
    return name in KINDS and KINDS[name].holds_html


def _parse_as_xml(skeleton: str) -> None:
    """Raises Wrong for what the reading as HTML lets through, such as a value without quotes."""
    if not skeleton.strip():
        raise Wrong(gettext("is empty: it begins with <mjml>"), 0)
    parser = expat.ParserCreate()
    try:
        parser.Parse(skeleton, True)
    except expat.ExpatError as error:
        message = _SYNTAX.get(expat.ErrorString(error.code) or "")
        said = message or gettext("this is not well-formed (%(problem)s)") % {
            "problem": reasons.in_plain_words(expat.ErrorString(error.code) or "")
        }
        raise Wrong(str(said), max(parser.ErrorByteIndex, 0)) from error
