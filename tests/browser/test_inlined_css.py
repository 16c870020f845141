"""What a reader sees is the same before and after inlining, whatever stands in the sheets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from campaigns.rendering.content import compile_html
from campaigns.rendering.liquid import environment
from tests.browser.chromium import DESKTOP, PHONE, Browser
from tests.browser.style_corpus import LIQUID, SHEETS, VALUES, WRITTEN, generated, page

GENERATED = 80
STYLES = """
return JSON.stringify([...document.querySelectorAll('*')].map(element => {
    const style = getComputedStyle(element)
    return [element.tagName, ...[...style].map(name => name + ': ' + style.getPropertyValue(name))]
}))
"""


class Reader:
    """A program that shows mails, in several situations."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def styles(self, html: str) -> dict[str, list[list[str]]]:
        """The computed styles of all elements, by situation."""
        frames = self._browser.driver.execute_cdp_cmd("Page.getFrameTree", {})
        frame = frames["frameTree"]["frame"]["id"]
        self._browser.command("Page.setDocumentContent", frameId=frame, html=html)
        return {
            "wide": self._here(),
            "hovered": self._hovered(),
            "narrow": self._narrow(),
            "printed": self._printed(),
        }

    def _here(self) -> list[list[str]]:
        styles: list[list[str]] = json.loads(self._browser.script(STYLES))
        return styles

    def _hovered(self) -> list[list[str]]:
        self._force("hover")
        try:
            return self._here()
        finally:
            self._force()

    def _force(self, *states: str) -> None:
        driver = self._browser.driver
        root = driver.execute_cdp_cmd("DOM.getDocument", {"depth": -1})["root"]
        for node in self._elements(root):
            self._browser.command("CSS.forcePseudoState", nodeId=node, forcedPseudoClasses=states)

    def _elements(self, node: dict[str, Any]) -> Iterator[int]:
        if node["nodeType"] == 1:
            yield node["nodeId"]
        for child in node.get("children", ()):
            yield from self._elements(child)

    def _narrow(self) -> list[list[str]]:
        self._browser.resize(PHONE)
        try:
            return self._here()
        finally:
            self._browser.resize(DESKTOP)

    def _printed(self) -> list[list[str]]:
        self._browser.command("Emulation.setEmulatedMedia", media="print")
        try:
            return self._here()
        finally:
            self._browser.command("Emulation.setEmulatedMedia", media="")


@pytest.fixture(scope="module")
def reader(chromium: Browser) -> Iterator[Reader]:
    chromium.driver.get("about:blank")
    chromium.resize(DESKTOP)
    for domain in ("DOM", "CSS", "Page"):
        chromium.command(f"{domain}.enable")
    yield Reader(chromium)
    chromium.driver.get("about:blank")


def differences(reader: Reader, html: str, **values: object) -> list[str]:
    """What changes by inlining: situation, element, and its style before and after."""
    sources = (html, compile_html(html))
    before, after = (
        reader.styles(environment.parse(source, escape=True).render(**values)) for source in sources
    )
    return [
        f"{situation}: {number} {old[0]}: {sorted(set(old) - set(new))} {sorted(set(new) - set(old))}"
        for situation in before
        for number, (old, new) in enumerate(
            zip(before[situation], after[situation], strict=True)
        )
        if old != new
    ]  # fmt: skip


@pytest.mark.parametrize("css", WRITTEN)
def test_the_rules_of_a_sheet_look_the_same_after_inlining(reader: Reader, css: str) -> None:
    assert differences(reader, page(f"<style>{css}</style>")) == []


@pytest.mark.parametrize("sheets", SHEETS)
def test_sheets_under_conditions_look_the_same_after_inlining(reader: Reader, sheets: str) -> None:
    assert differences(reader, page(sheets)) == []


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("body", LIQUID)
def test_what_liquid_chooses_looks_the_same_after_inlining(
    reader: Reader, body: str, values: dict[str, object]
) -> None:
    assert differences(reader, page("", body), **values) == []


@pytest.mark.parametrize("first", range(0, GENERATED, 10))
def test_generated_sheets_look_the_same_after_inlining(reader: Reader, first: int) -> None:
    found = {n: differences(reader, generated(n)) for n in range(first, first + 10)}
    assert {n: changes for n, changes in found.items() if changes} == {}
