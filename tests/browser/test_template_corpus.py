"""Every template of the corpus looks the same before and after its CSS is inlined: on a desktop, on
a phone, by night.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from campaigns.rendering.content import compile_html
from tests.browser.chromium import DESKTOP, PHONE, Browser
from tests.campaigns.rendering.by_liquid import by_liquid
from tests.template_corpus import FILES, VALUES, html_of

MOST_ELEMENTS = 250
"""A long message repeats itself."""
STYLES = """
const seen = [...document.body.querySelectorAll('*')].filter(
    element => !['STYLE', 'SCRIPT'].includes(element.tagName)).slice(0, %d)
return JSON.stringify([document.body, ...seen].map(element => {
    const style = getComputedStyle(element)
    return [element.tagName, ...[...style].map(name => name + ': ' + style.getPropertyValue(name))]
}))
"""
DARK = [{"name": "prefers-color-scheme", "value": "dark"}]


@pytest.fixture(scope="module")
def screen(chromium: Browser) -> Iterator[Browser]:
    chromium.driver.get("about:blank")
    chromium.resize(DESKTOP)
    chromium.command("Page.enable")
    chromium.command("Network.enable")
    chromium.command("Network.setBlockedURLs", urls=["http*"])
    yield chromium
    chromium.command("Network.setBlockedURLs", urls=[])
    chromium.driver.get("about:blank")


def styles(screen: Browser, html: str) -> dict[str, list[list[str]]]:
    frames = screen.driver.execute_cdp_cmd("Page.getFrameTree", {})
    screen.command("Page.setDocumentContent", frameId=frames["frameTree"]["frame"]["id"], html=html)
    found = {"desktop": computed(screen)}
    screen.command("Emulation.setEmulatedMedia", media="", features=DARK)
    found["night"] = computed(screen)
    screen.command("Emulation.setEmulatedMedia", media="", features=[])
    screen.resize(PHONE)
    found["phone"] = computed(screen)
    screen.resize(DESKTOP)
    return found


def computed(screen: Browser) -> list[list[str]]:
    made: list[list[str]] = json.loads(screen.script(STYLES % MOST_ELEMENTS))
    return made


@pytest.mark.parametrize("name", FILES)
def test_a_template_looks_the_same_after_inlining(screen: Browser, name: str) -> None:
    html = html_of(name)
    before, after = (
        styles(screen, by_liquid(source, VALUES, escape=True))
        for source in (html, compile_html(html))
    )
    found = [
        (situation, number, old[0], sorted(set(old) ^ set(new)))
        for situation in before
        for number, (old, new) in enumerate(zip(before[situation], after[situation], strict=True))
        if old != new
    ]
    assert found == []
    assert len(before["phone"]) > 3
