"""The words of HTML that a person reads or hears: between its tags, and in some attributes."""

from __future__ import annotations

import re
from html.parser import HTMLParser

READ = frozenset({
    "abbr", "alt", "aria-description", "aria-label", "aria-placeholder", "aria-roledescription", "aria-valuetext",
    "data-copied", "data-close", "data-confirm", "data-failed", "data-label", "data-placeholder", "data-said", "hx-confirm", "hx-prompt", "label",
    "placeholder", "summary", "title",
})  # fmt: skip
"""Attributes."""
PRESSED = frozenset({"button", "reset", "submit"})
"""Kinds of input whose value is read."""
NOT_READ = frozenset({"script", "style"})
LETTERS = re.compile(r"[^\W\d_]{2}|[\u3040-\u9fff]")
ENTITY = re.compile(r"&\w+;")
SHOWN_BY_SCRIPT = frozenset(
    {"x-text", "x-html", ":title", "x-bind:title", ":aria-label", "x-bind:aria-label"}
)
QUOTED = re.compile(r"'([^']*)'")


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[int, str]] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs).get("class") or ""
        self._inside = tag if tag in NOT_READ or "material-symbols" in names else ""
        read = READ | (
            {"value"} if tag == "input" and dict(attrs).get("type") in PRESSED else set()
        )
        for name, value in attrs:
            if name in read and LETTERS.search(value or ""):
                self._keep(value or "")
            if name in SHOWN_BY_SCRIPT:
                for said in filter(LETTERS.search, QUOTED.findall(value or "")):
                    self._keep(said)
        if tag == "meta" and dict(attrs).get("name") == "description":
            self._keep(dict(attrs).get("content") or "")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if not self._inside and LETTERS.search(ENTITY.sub("", data)):
            self._keep(data)

    def _keep(self, text: str) -> None:
        if text.strip():
            self.found.append((self.getpos()[0], " ".join(text.split())))


TAG = re.compile(r"</?(a|b|button|code|dd|div|dt|em|h[1-6]|img|input|label|li|ol|option|p|pre|small|span|strong|table|td|th|time|ul)\b[^<]*>")  # fmt: skip
LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
PLACES = re.compile(r"\{[\w!:.]*\}|%\(\w+\)s|%[sd]\b")


def texts_of(html: str) -> list[str]:
    """Of a string of the code; none if it is no HTML."""
    if not TAG.search(html) or "(?" in html:
        return []
    reader = Reader()
    reader.feed(PLACES.sub("", LIQUID.sub("", html)))
    reader.close()
    return [text for _line, text in reader.found]
