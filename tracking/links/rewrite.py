"""Rewrite a compiled template at launch: links lead through this site, and it gets an unsubscribe
link.

Placeholders stand for what differs per recipient; `tracking.links.personalise` fills them in. All
other bytes stay as they are, except the hrefs that are replaced and the addition at the end of the
body.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Iterator, Sequence
from typing import NamedTuple

from django.utils.translation import gettext, ngettext

from admin_kit.words.numbers import number
from campaigns.models import Content, Sender, Task
from campaigns.rendering.content import template_errors
from campaigns.rendering.html.hrefs import Href, destination_of, hrefs_in, site_of
from campaigns.rendering.html.shown_addresses import is_address
from campaigns.rendering.html.source import Edit, SourceTags, apply_edits, mask_liquid
from campaigns.rendering.liquid import environment
from campaigns.rendering.template_work import PARSING, PartProblem
from sandbox import bounded
from tracking.links import footer
from tracking.links.personalise import LINK, OPEN_URL, RESERVED, TRAP_URL, UNSUBSCRIBE_URL
from tracking.models import Link

PIXEL = (
    f'{{% if {OPEN_URL} != "" %}}<img src="{{{{ {OPEN_URL} }}}}" width="1" height="1" alt=""'
    ' style="border:0;height:1px;width:1px">{% endif %}'
)
# Only a machine follows it.
TRAP = (
    f'<a href="{{{{ {TRAP_URL} }}}}" style="display:none;mso-hide:all" tabindex="-1"'
    ' aria-hidden="true" rel="nofollow"></a>'
)
SHOWN_IN_NOTICE, MOST_SHOWN = 5, 80
MAX_LINKS = 1_000
"""Most links of one template whose clicks are recorded: each message signs them all."""
_NEVER_THE_SAME = frozenset({"now", "today"})  # python-liquid's own names for the present
_Followed = tuple[Href, str, bool]
"""A link, its destination, and whether that is personal."""


class Rewritten(NamedTuple):
    """Content with placeholders, and the links that they stand for: the destination of each, and
    whether it contains the recipient's values."""

    html: str
    text: str
    links: list[tuple[str, bool]]


def finish(content: Content, task: Task, sender: Sender) -> Callable[[], None]:
    """Put the placeholders into unsaved content that is being frozen, and the sender's address
    into its footer. Returns a function that stores the destinations of its links, to be called once
    it is saved. Raises TemplateError."""
    with template_errors("html"):
        html, text, links = rewrite(
            content.html,
            content.text,
            postal_address=sender.postal_address,
            clicks=task.track_clicks,
            opens=task.track_opens,
        )
    content.html, content.text, content.tracks_opens = html, text, task.track_opens
    return lambda: _store(content, links)


@bounded(PARSING, raises=(PartProblem,), decode=lambda made: Rewritten(*made))
def rewrite(html: str, text: str, *, postal_address: str, clicks: bool, opens: bool) -> Rewritten:
    """The templates of a message with placeholders for recorded links. Raises PartProblem."""
    try:
        rewritten = _rewritten(html, text, postal_address, clicks=clicks, opens=opens)
        environment.parse(rewritten.html, escape=True)
    except environment.Problem as problem:
        raise PartProblem("html", problem.message, problem.line) from problem
    return rewritten


def _rewritten(
    html: str, text: str, postal_address: str, *, clicks: bool, opens: bool
) -> Rewritten:
    source = _Ends(mask_liquid(html))
    scopes = _Scopes(html)
    hrefs = hrefs_in(html)
    language = _language(html, source)
    tail = ""
    if not any(_is_way_out(href, scopes) for href in hrefs):
        tail += footer.html(postal_address, language)
    if not _has_way_out(text):
        text = text.rstrip() + footer.text(postal_address, language)
    links = _links(hrefs, scopes) if clicks else []
    tail += (TRAP if links else "") + (PIXEL if opens else "")
    end = len(html) if source.body is None or scopes.is_inside(source.body) else source.body
    edits = [_placeholder(html, href, n) for n, (href, _, _) in enumerate(links)]
    return Rewritten(
        apply_edits(html, [*edits, Edit(end, end, tail)]),
        text,
        [(destination, is_personal) for _, destination, is_personal in links],
    )


@bounded(PARSING, raises=(PartProblem,))
def links_that_show_addresses(html: str) -> list[str]:
    """The texts of the links that are not recorded only because their texts are addresses. Raises
    PartProblem."""
    try:
        followed = _followed(hrefs_in(html), _Scopes(html))
    except environment.Problem as problem:
        raise PartProblem("html", problem.message, problem.line) from problem
    return [" ".join(href.text.split()) for href, _, _ in followed if is_address(href.text)]


def _links(hrefs: list[Href], scopes: _Scopes) -> list[_Followed]:
    """The hrefs to record clicks on. Raises Problem."""
    links = [each for each in _followed(hrefs, scopes) if not is_address(each[0].text)]
    if len(links) > MAX_LINKS:
        raise environment.Problem(
            gettext(
                "has %(count)s links; clicks can be recorded on at most %(most)s. Take links out, "
                "or do not record clicks"
            )
            % {"count": number(len(links)), "most": number(MAX_LINKS)}
        )
    return links


def _followed(hrefs: list[Href], scopes: _Scopes) -> Iterator[_Followed]:
    """The hrefs that lead to the web for every recipient."""
    for href in hrefs:
        is_personal = any(environment.markup_in(href.source))
        destination = _personal(href, scopes) if is_personal else destination_of(href.source)
        if destination is not None and not scopes.is_raw(href):
            yield href, destination, is_personal


def _personal(href: Href, scopes: _Scopes) -> str | None:
    """The source of an href whose result depends on the recipient alone, never on when it is
    rendered; else None, and it stays as its author wrote it."""
    if site_of(href.source) is None or not scopes.is_self_contained(href):
        return None
    return href.source


def _store(content: Content, links: Sequence[tuple[str, bool]]) -> None:
    rows = [
        Link(content=content, position=position, destination=destination, is_personal=is_personal)
        for position, (destination, is_personal) in enumerate(links)
    ]
    content.link_ids = [link.pk for link in Link.objects.bulk_create(rows)]
    content.save(update_fields=["link_ids"])


def _placeholder(html: str, href: Href, position: int) -> Edit:
    quote = html[href.start] if html[href.start] in "\"'" else '"'
    return Edit(href.start, href.end, f"{quote}{{{{ {LINK}{position} }}}}{quote}")


class _Scopes:
    """The Liquid variables at each place of a template."""

    def __init__(self, html: str) -> None:
        """Raises Problem."""
        found = environment.parse(html, escape=True).analyze(include_partials=False)
        from_outside = {v.span.index for all_ in found.globals.values() for v in all_}
        self._unsteady = sorted(
            variable.span.index
            for name, all_ in found.variables.items()
            for variable in all_
            if variable.span.index not in from_outside or not _is_steady(name, found.locals)
        )
        self._dates = sorted(span.index for span in found.filters.get("date", ()))
        self._blocks = environment.blocks_in(html)
        self._raw = environment.raw_in(html)

    def is_inside(self, at: int) -> bool:
        """Whether a place is inside a block, so that some recipients may not get its content."""
        return _is_in(self._blocks, at)

    def is_raw(self, href: Href) -> bool:
        """Whether it is inside {% raw %}, where a placeholder would be shown as it is."""
        return _is_in(self._raw, href.start)

    def is_self_contained(self, href: Href) -> bool:
        """Whether the output depends on the recipient's variables alone: nothing is assigned or
        looped over elsewhere, and nothing depends on the time."""
        return (
            all(found.tag == "" for found in environment.markup_in(href.source))
            and not _any_in(self._unsteady, href)
            and not _any_in(self._dates, href)
        )


def _is_steady(name: str, assigned: Container[str]) -> bool:
    ours = name in RESERVED or name.startswith("edm_")
    return not ours and name not in assigned and name not in _NEVER_THE_SAME


def _any_in(places: list[int], href: Href) -> bool:
    first = bisect_left(places, href.start)
    return first < len(places) and places[first] < href.end


def _is_in(spans: list[tuple[int, int]], at: int) -> bool:
    """Whether one of these spans, which are in order and do not overlap, has this place."""
    after = bisect_right(spans, at, key=lambda span: span[0])
    return after > 0 and at < spans[after - 1][1]


def _is_way_out(href: Href, scopes: _Scopes) -> bool:
    """Whether every recipient gets this as a visible unsubscribe link."""
    first = next(environment.markup_in(href.source), None)
    return (
        first is not None
        and not href.source[: first.start].strip()
        and _is_the_link(first.text)
        and not href.in_comment
        and not scopes.is_inside(href.start)
    )


def _has_way_out(text: str) -> bool:
    blocks = environment.blocks_in(text)
    return any(
        _is_the_link(found.text) and not _is_in(blocks, found.start)
        for found in environment.markup_in(text)
    )


def _is_the_link(markup: str) -> bool:
    """Whether an output is the unsubscribe link unchanged: another filter would lead elsewhere."""
    if not markup.startswith("{{"):
        return False
    name, *filters = markup[2:-2].strip("-").split("|")
    return name.strip() == UNSUBSCRIBE_URL and all(
        each.strip() == "escape" or each.replace(":", " ").split()[:1] == ["default"]
        for each in filters
    )


class _Ends(SourceTags):
    """Also knows where the last body ends."""

    def __init__(self, masked: str) -> None:
        self.body: int | None = None
        super().__init__(masked)

    def handle_end_tag(self, name: str, start: int, end: int) -> None:
        super().handle_end_tag(name, start, end)
        if name in ("body", "html") and (name == "body" or self.body is None):
            self.body = start


def _language(html: str, source: SourceTags) -> str:
    """The language of the html element; "" when it has none."""
    for tag in source.tags:
        if tag.name == "html" and (span := tag.values.get("lang")):
            return html[slice(*span)].strip("\"'")
    return ""


def notices(html: str) -> list[str]:
    """What staff should know of an HTML template. Raises PartProblem."""
    shown = links_that_show_addresses(html)
    if not shown:
        return []
    some = ", ".join(each[:MOST_SHOWN] for each in shown[:SHOWN_IN_NOTICE]) + (
        ", …" if len(shown) > SHOWN_IN_NOTICE else ""
    )
    text = ngettext(
        "%(count)s link has a web address for a text (%(links)s). Such a link stays as it is, and "
        "clicks on it are not recorded: mail programs warn of links that show one address and lead "
        "to another. To record clicks, use words.",
        "%(count)s links have a web address for a text (%(links)s). Such a link stays as it is, "
        "and clicks on it are not recorded: mail programs warn of links that show one address and "
        "lead to another. To record clicks, use words.",
        len(shown),
    )
    return [text % {"count": number(len(shown)), "links": some}]
