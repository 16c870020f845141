"""Copy the rules of style sheets into style attributes, and change nothing else.

css-inline parses HTML and writes it anew: Liquid between table rows would move out of the table, a
quote inside `{{ … }}` would end the attribute around it, and links would be respelt. So it works on
a marked copy without Liquid; what it found for each element is copied into the author's source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import css_inline

from campaigns.html_source import Edit, HtmlReader, SourceTags, StartTag, apply_edits, mask_liquid
from campaigns.liquid import Problem

_MARK = "data-inline-css-mark"


def inline_css(html: str) -> str:
    """Return the HTML with the rules of its style elements copied into style attributes.

    The style elements stay, for @media and :hover; Liquid, comments (Outlook's included), links and
    everything else keep their bytes. A style element that contains Liquid, and a rule for a class
    that depends on Liquid, are left to the mail client. Nothing is loaded. Raises Problem.
    """
    masked = mask_liquid(html)
    source = SourceTags(masked)
    if not any(masked[start:end].strip() for start, end in source.style_sheets):
        return html
    marked = apply_edits(masked, _marks(html, masked, source))
    styles = _computed_styles(marked)
    return apply_edits(html, _style_edits(html, masked, source.tags, styles))


def _marks(html: str, masked: str, source: SourceTags) -> Iterator[Edit]:
    """Number the elements; hide links to style sheets, and CSS that contains Liquid."""
    for number, tag in enumerate(source.tags):
        if tag.name == "link":
            yield Edit(tag.start, tag.end, "")
            continue
        yield Edit(tag.name_end, tag.name_end, f' {_MARK}="{number}"')
        if tag.style and _differ(html, masked, tag.style):
            yield Edit(*tag.style, '""')
    for sheet in source.style_sheets:
        if _differ(html, masked, sheet):
            yield Edit(*sheet, "")


def _differ(html: str, masked: str, span: tuple[int, int]) -> bool:
    return html[slice(*span)] != masked[slice(*span)]


def _computed_styles(marked: str) -> dict[int, str]:
    try:
        inlined = css_inline.inline(marked, load_remote_stylesheets=False)
    except css_inline.InlineError as error:
        raise Problem(f"the style sheet cannot be read: {error}") from error
    return _MarkedStyles(inlined).styles


class _MarkedStyles(HtmlReader):
    """Reads back the style of each numbered element."""

    def __init__(self, inlined: str) -> None:
        self.styles: dict[int, str] = {}
        self.read(inlined)

    def handle_start_tag(self, tag: StartTag) -> None:
        mark, style = self.value(tag, _MARK), self.value(tag, "style")
        if mark and mark.isdecimal() and style:
            # A parser may clone an element around misnested ones; the first is the author's.
            self.styles.setdefault(int(mark), style)


def _style_edits(
    html: str, masked: str, tags: list[StartTag], styles: dict[int, str]
) -> Iterator[Edit]:
    for number, computed in styles.items():
        tag = tags[number]
        if tag.style is None:
            # Last, so that a style attribute inside {% if %} comes first and wins.
            yield Edit(tag.attributes_end, tag.attributes_end, f" style={_quoted(computed)}")
        elif _differ(html, masked, tag.style):
            yield Edit(*tag.style, _in_front_of(html[slice(*tag.style)], computed))
        elif _needs_change(masked[slice(*tag.style)], computed):
            yield Edit(*tag.style, _quoted(computed))


def _quoted(style: str, quote: str = '"') -> str:
    entity = "&quot;" if quote == '"' else "&#39;"
    return quote + style.replace("&", "&amp;").replace(quote, entity) + quote


def _in_front_of(own: str, computed: str) -> str:
    """Join with the author's value, which contains Liquid and so keeps its quotes and its bytes."""
    quote = own[0] if own[0] in "\"'" else ""
    rules = _quoted(computed.rstrip("; ") + "; ", quote or '"')
    return rules[:-1] + (own[1:] if quote else f'{own}"')


def _needs_change(own: str, computed: str) -> bool:
    """css-inline also respaces styles to which it adds nothing; those keep their bytes."""

    def bare(style: str) -> str:
        return re.sub(r"\s+", "", style.replace("&quot;", '"')).strip("\"';").replace('"', "'")

    return bare(own) != bare(computed)
