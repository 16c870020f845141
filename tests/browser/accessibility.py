"""The rules of WCAG 2.2 that axe-core can check, on the page that a browser shows."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tests.browser.chromium import Browser

CHECK = """
const done = arguments[arguments.length - 1], only = arguments[0];
const options = {resultTypes: ["violations"], iframes: false};
if (only.length) options.runOnly = {type: "rule", values: only};
axe.run(document, options).then((result) => done(result.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id} (${rule.impact}): ${node.html.slice(0, 200)}`))),
    (error) => done([String(error)]));
"""
SECONDS = 60


@cache
def axe() -> str:
    """From the package that ships it."""
    package = find_spec("axe_playwright_python")
    assert package is not None and package.origin
    return (Path(package.origin).parent / "axe.min.js").read_text("utf-8")


def violations(browser: Browser) -> list[str]:
    """In light by all rules, in dark by contrast. The page is left in light."""
    browser.driver.set_script_timeout(SECONDS)
    browser.script(axe())
    found = list(browser.driver.execute_async_script(CHECK, []))
    browser.dark(True)
    found += [
        f"dark: {each}" for each in browser.driver.execute_async_script(CHECK, ["color-contrast"])
    ]
    browser.dark(False)
    return found
