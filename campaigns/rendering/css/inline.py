"""Copy the rules of style sheets into style attributes, and change nothing else.

css-inline says which rules match which elements, from a marked copy without Liquid, in which every
rule sets a property of its own: it parses HTML and writes it anew, so Liquid between table rows
would move out of the table, and links would be respelt. What it finds is copied into the author's
source; which declarations win is `campaigns.rendering.css.cascade`'s decision.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace

import css_inline
from django.utils.translation import gettext

from campaigns.rendering.css.cascade import Candidate, Cascade, Situation
from campaigns.rendering.css.rules import Declaration, StyleRule, read_declarations, read_rules
from campaigns.rendering.css.selectors import Kind, Selector
from campaigns.rendering.css.style_sheets import Applies, StyleSheets
from campaigns.rendering.html.source import (
    Edit,
    HtmlReader,
    SourceTags,
    StartTag,
    apply_edits,
    mask_liquid,
    unescape,
    unquoted,
)
from campaigns.rendering.liquid.environment import Problem, blocks_in

_MARK = "data-inline-css-mark"
_RULE = "--edm-rule-"
_RULES = re.compile(rf"{_RULE}(\d+)")
_NOT_SHOWN = frozenset(
    ["base", "head", "link", "meta", "noscript", "script", "style", "template", "title"]
)
IMPORTANT = " !important"


def inline_css(html: str) -> str:
    """Return the HTML with the rules of its style elements copied into style attributes.

    The style elements stay, for @media and :hover; Liquid, comments (Outlook's included), links and
    everything else keep their bytes. A style element that does not apply to every reader, and a
    rule for a class that depends on Liquid, are left to the mail client. Nothing is loaded. Raises
    Problem.
    """
    masked = mask_liquid(html)
    source = StyleSheets(html, masked)
    if not any(
        sheet.applies is Applies.ALWAYS and masked[sheet.start : sheet.end].strip()
        for sheet in source.style_sheets
    ):
        return html
    return _Inlining(html, masked, source).result()


class _Inlining:
    def __init__(self, html: str, masked: str, source: StyleSheets) -> None:
        self._html, self._masked, self._source = html, masked, source
        self._choices = mask_liquid(html, tags_as=" ")
        """All that the branches of Liquid's tags can choose from, at once."""
        self._is_rearranged = _is_rearranged(html, source.tags)
        self._selectors: list[str] = []
        self._candidates: list[Candidate] = []
        self._rules = 0

    def result(self) -> str:
        for sheet in self._source.style_sheets:
            if sheet.applies is not Applies.NEVER:
                self._read(sheet.start, sheet.end, is_fixed=sheet.applies is Applies.SOMETIMES)
        situations = self._situations()
        cascade = Cascade(self._candidates, situations.values())
        styles = {situation: cascade.style(situation) for situation in set(situations.values())}
        edits = [
            edit
            for number, situation in situations.items()
            for edit in self._style_edit(self._source.tags[number], situation, styles[situation])
        ]
        ends = {declaration.end for declaration in cascade.becomes_important()}
        return apply_edits(self._html, [*edits, *(Edit(end, end, IMPORTANT) for end in ends)])

    def _read(self, start: int, end: int, *, is_fixed: bool) -> None:
        """Number what the rules of a sheet are for. What is fixed stays as it is."""
        for rule in read_rules(self._choices[start:end]):
            declarations = [each._replace(end=each.end + start) for each in rule.declarations]
            self._rules += 1
            inlined = [each for each in rule.selectors if self._is_inlined(rule, each, is_fixed)]
            kept = [
                each for each in rule.selectors if each not in inlined and each.kind is not Kind.BOX
            ]
            changeable = not (is_fixed or inlined)
            for is_universal in (True, False):
                alike = [each for each in inlined if each.is_universal is is_universal]
                self._add(alike, Candidate(self._rules, declarations, True, False, is_universal))
            self._add(kept, Candidate(self._rules, declarations, False, changeable))

    def _is_inlined(self, rule: StyleRule, selector: Selector, is_fixed: bool) -> bool:
        return (
            selector.kind is Kind.KNOWN
            and not (is_fixed or rule.is_conditional)
            and not (selector.depends_on_order and self._is_rearranged)
        )

    def _add(self, selectors: Sequence[Selector], candidate: Candidate) -> None:
        text = ", ".join(
            each.in_any_order if each.depends_on_order and self._is_rearranged else each.text
            for each in selectors
            if each.text
        )
        if text:
            self._selectors.append(text)
            self._candidates.append(candidate)

    def _situations(self) -> dict[int, Situation]:
        """By the number of the element's tag."""
        tags = dict(enumerate(self._source.tags))
        least = self._matches(self._masked, tags)
        chosen = self._chosen_tags() if self._choices != self._masked else {}
        if not any(
            _named(self._choices, chosen[number]) != _named(self._masked, tags[number])
            for number in chosen
        ):
            return {number: self._situation(tags[number], each) for number, each in least.items()}
        most = self._matches(self._choices, chosen)
        shadows = [replace(each, is_inlined=False) for each in self._candidates]
        self._candidates += shadows
        return {
            number: self._situation(
                tags[number], self._merged(least.get(number, ()), most.get(number, ()))
            )
            for number in least.keys() | most.keys()
        }

    def _chosen_tags(self) -> dict[int, StartTag]:
        """The tags as they stand among the choices, by number."""
        numbers = {tag.start: number for number, tag in enumerate(self._source.tags)}
        tags = SourceTags(self._choices).tags
        return {numbers[tag.start]: tag for tag in tags if tag.start in numbers}

    def _merged(self, least: tuple[int, ...], most: tuple[int, ...]) -> tuple[int, ...]:
        """The candidates that apply for every choice of Liquid's; in place of those that may apply,
        their variant that is not inlined."""
        sure, half = {*least} & {*most}, len(self._candidates) // 2
        ranked = [*(number for number in least if number not in sure), *most]
        return tuple(
            number if number in sure or not self._candidates[number].is_inlined else number + half
            for number in ranked
        )

    def _matches(self, source: str, tags: dict[int, StartTag]) -> dict[int, tuple[int, ...]]:
        """The numbers of the candidates for each tag, the weakest first."""
        sheet = "".join(f"{text}{{{_RULE}{n}:1}}" for n, text in enumerate(self._selectors))
        try:
            marked = css_inline.inline(
                apply_edits(source, self._marks(source, tags)),
                inline_style_tags=False,
                extra_css=sheet,
                load_remote_stylesheets=False,
            )
        except css_inline.InlineError as error:
            raise Problem(
                gettext("the style sheet cannot be read: %(error)s") % {"error": error}
            ) from error
        return _Matches(marked).numbers

    def _marks(self, source: str, tags: dict[int, StartTag]) -> Iterator[Edit]:
        """Number the elements; hide links to style sheets, and what they have of styles. An id is
        one word, of several to choose from the first.
        """
        for number, tag in tags.items():
            if tag.name == "link":
                yield Edit(tag.start, tag.end, "")
                continue
            yield Edit(tag.name_end, tag.name_end, f' {_MARK}="{number}"')
            if tag.style:
                yield Edit(*tag.style, '""')
            if (span := tag.values.get("id")) and source[slice(*span)] != self._html[slice(*span)]:
                words = unquoted(source[slice(*span)]).split()
                yield Edit(*span, _quoted(" ".join(words[:1])))
        for sheet in self._source.style_sheets:
            yield Edit(sheet.start, sheet.end, "")

    def _situation(self, tag: StartTag, numbers: tuple[int, ...]) -> Situation:
        if tag.name in _NOT_SHOWN:
            numbers = ()
        elif tag.name == "html":
            numbers = tuple(n for n in numbers if not self._candidates[n].is_universal)
        own = self._masked[slice(*tag.style)] if tag.style else ""
        return Situation(numbers, tuple(read_declarations(unescape(unquoted(own)))))

    def _style_edit(
        self, tag: StartTag, situation: Situation, style: list[Declaration]
    ) -> Iterator[Edit]:
        text = ";".join(map(str, style))
        if tuple(style) == situation.own:
            return
        if tag.style is None:
            # Last, so that a style attribute inside {% if %} comes first and wins.
            yield Edit(tag.attributes_end, tag.attributes_end, f" style={_quoted(text + ';')}")
        elif self._html[slice(*tag.style)] != self._masked[slice(*tag.style)]:
            added = ";".join(str(each) for each in style if each not in situation.own)
            yield Edit(*tag.style, _in_front_of(self._html[slice(*tag.style)], added))
        else:
            yield Edit(*tag.style, _quoted(text))


def _is_rearranged(html: str, tags: Sequence[StartTag]) -> bool:
    """Whether Liquid decides which elements stand beside others."""
    starts = [tag.start for tag in tags]
    return any(
        bisect_left(starts, start) != bisect_left(starts, end) for start, end in blocks_in(html)
    )


def _named(source: str, tag: StartTag) -> tuple[list[str], list[str]]:
    """What selectors can ask a tag for, but the values that seldom matter to them."""
    spans = [tag.values.get(name) for name in ("class", "id")]
    return [*tag.values], [source[slice(*span)] for span in spans if span]


class _Matches(HtmlReader):
    """Reads back, for each numbered element, what matches it, the weakest first."""

    def __init__(self, marked: str) -> None:
        self.numbers: dict[int, tuple[int, ...]] = {}
        self.read(marked)

    def handle_start_tag(self, tag: StartTag) -> None:
        mark, style = self.value(tag, _MARK), self.value(tag, "style")
        if mark and mark.isdecimal() and style:
            # A parser may clone an element around misnested ones; the first is the author's.
            self.numbers.setdefault(int(mark), tuple(map(int, _RULES.findall(style))))


def _quoted(style: str, quote: str = '"') -> str:
    entity = "&quot;" if quote == '"' else "&#39;"
    return quote + style.replace("&", "&amp;").replace(quote, entity) + quote


def _in_front_of(own: str, computed: str) -> str:
    """Join with the author's value, which contains Liquid and so keeps its quotes and its bytes."""
    quote = own[0] if own[0] in "\"'" else ""
    rules = _quoted(computed.rstrip("; ") + "; ", quote or '"')
    return rules[:-1] + (own[1:] if quote else f'{own}"')
