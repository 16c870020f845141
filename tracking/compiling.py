"""What a launch makes of a compiled template: its links lead through this site, and it has a way
out.

Placeholders stand for what differs from recipient to recipient; `tracking.personal` fills them in.
Outside the hrefs that are replaced, and what is put at the end of the body, every byte stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from campaigns import liquid
from campaigns.content import TemplateError
from campaigns.html_source import Edit, SourceTags, apply_edits, mask_liquid
from campaigns.models import Content, Task
from tracking import footer
from tracking.hrefs import Href, destination_of, hrefs_in, site_of
from tracking.models import Link
from tracking.personal import LINK, OPEN_URL, RESERVED, TRAP_URL, UNSUBSCRIBE_URL

PIXEL = (
    f'{{% if {OPEN_URL} != "" %}}<img src="{{{{ {OPEN_URL} }}}}" width="1" height="1" alt=""'
    ' style="border:0;height:1px;width:1px">{% endif %}'
)
# Who follows it sees more than people do.
TRAP = (
    f'<a href="{{{{ {TRAP_URL} }}}}" style="display:none;mso-hide:all" tabindex="-1"'
    ' aria-hidden="true" rel="nofollow"></a>'
)
_WAY_OUT = re.compile(
    rf"\{{\{{-?\s*{UNSUBSCRIBE_URL}\s*(\|\s*(escape|default\b[^|}}]*)\s*)*-?\}}\}}", re.ASCII
)
"""The link as it is: another filter, or an address around it, leads elsewhere."""
_NEVER_THE_SAME = frozenset({"now", "today"})  # python-liquid's own names for the present


def finish(content: Content, task: Task) -> None:
    """Put the placeholders into content that is being frozen, and store where its links lead.

    Raises TemplateError.
    """
    try:
        _finish(content, task)
        liquid.parse(content.html, escape=True)
    except liquid.Problem as problem:
        raise TemplateError("html", problem) from problem
    content.save(update_fields=["html", "text", "link_ids", "tracks_opens"])


def _finish(content: Content, task: Task) -> None:
    html = content.html
    hrefs = hrefs_in(html)
    postal_address = task.sender.postal_address if task.sender else ""
    tail = ""
    if not _has_way_out(html, hrefs):
        tail += footer.html(postal_address, _language(html))
    ways_out = _WAY_OUT.finditer(content.text)
    if not any(_is_for_everybody(content.text[: found.start()]) for found in ways_out):
        content.text = content.text.rstrip() + footer.text(postal_address, _language(html))
    links = list(_links(html, hrefs)) if task.track_clicks else []
    content.link_ids = _store(content, [link for _, link in links])
    if links:
        tail += TRAP
    if task.track_opens:
        tail += PIXEL
    content.tracks_opens = task.track_opens
    end = _end_of_body(html)
    edits = [_placeholder(html, href, link.position) for href, link in links]
    content.html = apply_edits(html, [*edits, Edit(end, end, tail)])


def _links(html: str, hrefs: list[Href]) -> Iterator[tuple[Href, Link]]:
    """The hrefs to follow, with where they lead."""
    scopes = _Scopes(html)
    position = 0
    for href in hrefs:
        is_personal = any(liquid.markup_in(href.source))
        destination = _personal(href, scopes) if is_personal else destination_of(href.source)
        if destination is None or scopes.is_raw(href):
            continue
        link = Link(position=position, destination=destination, is_personal=is_personal)
        yield href, link
        position += 1


def _personal(href: Href, scopes: _Scopes) -> str | None:
    """The source of an href that comes out the same whenever it is rendered; else None: then it
    stays as its author wrote it.
    """
    if site_of(href.source) is None or not scopes.is_self_contained(href):
        return None
    return href.source


def _store(content: Content, links: list[Link]) -> list[int]:
    for link in links:
        link.content = content
    return [link.pk for link in Link.objects.bulk_create(links)]


def _placeholder(html: str, href: Href, position: int) -> Edit:
    quote = html[href.start] if html[href.start] in "\"'" else '"'
    return Edit(href.start, href.end, f"{quote}{{{{ {LINK}{position} }}}}{quote}")


class _Scopes:
    """What Liquid knows at each place of a template."""

    def __init__(self, html: str) -> None:
        self._html = html
        found = liquid.parse(html, escape=True).analyze(include_partials=False)
        self._locals = set(found.locals)
        self._variables = {
            variable.span.index: name for name, all_ in found.variables.items() for variable in all_
        }
        self._from_outside = {v.span.index for all_ in found.globals.values() for v in all_}
        self._dates = [span.index for span in found.filters.get("date", ())]
        self._raw = list(_raw_spans(html))

    def is_raw(self, href: Href) -> bool:
        """Whether it is inside {% raw %}, where a placeholder would be shown as it is."""
        return any(start <= href.start < end for start, end in self._raw)

    def is_self_contained(self, href: Href) -> bool:
        """Whether the recipient's variables alone say what comes out: nothing is assigned or looped
        over elsewhere, and nothing depends on the time.
        """
        inside = range(href.start, href.end)
        used = [(at, name) for at, name in self._variables.items() if at in inside]
        return (
            all(found.tag == "" for found in liquid.markup_in(href.source))
            and all(at in self._from_outside and self._is_steady(name) for at, name in used)
            and not any(at in inside for at in self._dates)
        )

    def _is_steady(self, name: str) -> bool:
        ours = name in RESERVED or name.startswith("edm_")
        return not ours and name not in self._locals and name not in _NEVER_THE_SAME


def _raw_spans(html: str) -> Iterator[tuple[int, int]]:
    start = None
    for found in liquid.markup_in(html):
        if found.tag == "raw":
            start = found.end
        elif start is not None:
            yield start, found.start
            start = None


def _has_way_out(html: str, hrefs: list[Href]) -> bool:
    """Whether everybody gets an unsubscribe link that can be seen."""
    return any(
        _WAY_OUT.match(href.source.strip())
        and not href.in_comment
        and _is_for_everybody(html[: href.start])
        for href in hrefs
    )


def _is_for_everybody(before: str) -> bool:
    """Whether what follows this part of a template is outside all of its Liquid blocks."""
    try:
        liquid.parse(before, escape=True)
    except liquid.Problem:
        return False
    return True


class _Ends(SourceTags):
    """Also knows where the last body ends."""

    def __init__(self, masked: str) -> None:
        self.body: int | None = None
        super().__init__(masked)

    def handle_endtag(self, tag: str) -> None:
        super().handle_endtag(tag)
        if tag in ("body", "html") and (tag == "body" or self.body is None):
            self.body = self._position()


def _end_of_body(html: str) -> int:
    end = _Ends(mask_liquid(html)).body
    return end if end is not None and _is_for_everybody(html[:end]) else len(html)


def _language(html: str) -> str:
    """What the html element says, "" when it says nothing."""
    for tag in SourceTags(mask_liquid(html)).tags:
        if tag.name == "html" and (span := tag.values.get("lang")):
            return html[slice(*span)].strip("\"'")
    return ""
