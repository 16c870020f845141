"""Chromium, driven: what a test asks of it, with waits in place of pauses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import (
    NoSuchElementException,
    NoSuchWindowException,
    StaleElementReferenceException,
    TimeoutException,
    WebDriverException,
)
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

T = TypeVar("T")
PATIENCE_SECONDS = 60
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--lang=en-US",
)
DESKTOP, PHONE = (1400, 900), (390, 844)
# Says of this page, once an event has passed all that may stop it, that another is on its way.
NOTE_LEAVING = """
const leaving = (event) => {
    const link = event.target.closest("a[href]"), form = event.target.closest("form");
    const opensHere = (target) => !target || target === "_self";
    const sends = event.type === "submit" && form.method !== "dialog" && opensHere(form.target);
    const follows = event.type === "click" && link && opensHere(link.target)
        && !link.hasAttribute("download")
        && link.href.split("#")[0] !== location.href.split("#")[0];
    if (!event.defaultPrevented && (sends || follows)) window.anotherPageComes = true;
};
if (window.anotherPageComes === undefined) {
    window.anotherPageComes = false;
    for (const type of ["submit", "click"]) window.addEventListener(type, leaving);
}
"""


def program(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise RuntimeError(
            f"The browser tests need {names[0]}: apt-get install chromium chromium-driver"
        )
    return found


class Browser:
    """One window. `site` is where the pages are; nothing else may be asked for."""

    def __init__(self, profile: Path) -> None:
        options = Options()
        options.binary_location = program("chromium", "chromium-browser", "google-chrome")
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(program("chromedriver")))
        self.site = ""
        self.resize(DESKTOP)

    def quit(self) -> None:
        self.driver.quit()

    # Where one is

    def resize(self, size: tuple[int, int]) -> None:
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1}
        self.command("Emulation.setDeviceMetricsOverride", mobile=size == PHONE, **metrics)

    def dark(self, on: bool) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if on else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])

    def speak(self, language: str) -> None:
        """What the browser asks for, of pages that know no account."""
        self.command("Network.enable")
        self.command("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})

    def command(self, name: str, **arguments: Any) -> None:
        self.driver.execute_cdp_cmd(name, arguments)

    def open(self, path: str) -> None:
        self.driver.get(self.site + path)

    @property
    def path(self) -> str:
        return urlsplit(self.driver.current_url).path

    @property
    def text(self) -> str:
        """What can be read on the page, as one line."""
        return " ".join(self.driver.find_element(By.TAG_NAME, "body").text.split())

    def script(self, code: str, *arguments: Any) -> Any:
        return self.driver.execute_script(code, *arguments)

    # Waiting

    def wait(self, condition: Callable[[], T | None], what: str) -> T:
        """What `condition` returns once it is true. A page that changes meanwhile is looked at
        again.
        """
        again = (NoSuchElementException, StaleElementReferenceException)
        waiting = WebDriverWait(self.driver, PATIENCE_SECONDS, 0.1, ignored_exceptions=again)
        try:
            return waiting.until(lambda driver: self._once(condition) or False)
        except TimeoutException as error:
            raise AssertionError(f"{what}; the page at {self.path} reads: {self.text}") from error

    @staticmethod
    def _once(condition: Callable[[], T | None]) -> T | None:
        """Chromium's driver says of some elements that are gone that they are of another page."""
        try:
            return condition()
        except WebDriverException as error:
            if "does not belong to the document" not in str(error.msg):
                raise
            return None

    def wait_for_text(self, text: str) -> None:
        self.wait(lambda: text.lower() in self.text.lower(), f"no “{text}”")

    def wait_for_path(self, path: str) -> None:
        self.wait(lambda: self.path == path, f"not at {path}")

    def wait_until_quiet(self) -> None:
        """A page that is left while it asks for something complains of it."""
        self.wait(lambda: not self.visible(".htmx-request"), "it asks on and on")

    # Hands

    def type(self, *keys: str) -> None:
        """What has the focus gets them, also when the page has just replaced it."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def find(self, selector: str) -> WebElement:
        """The first that can be seen."""
        return self.wait(lambda: next(iter(self.visible(selector)), None), f"no {selector}")

    def visible(self, selector: str) -> list[WebElement]:
        found = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return [element for element in found if element.is_displayed()]

    def click(self, name: str, within: str = "body") -> None:
        """A link, button or label that reads so; found anew if the page replaces it meanwhile."""

        def pressed() -> bool:
            choices = self.visible(f"{within} a, {within} button, {within} label")
            named = next((each for each in choices if name in each.text.split("\n")), None)
            if named is not None:
                self._press(named)
            return named is not None

        self.wait(pressed, f"nothing reads “{name}”")
        self._arrive()

    def press(self, element: WebElement, *, downloads: bool = False) -> None:
        """Returns after the page has come that this asks for, so that what it does is done."""
        self._press(element)
        if not downloads:
            self._arrive()

    def _press(self, element: WebElement) -> None:
        self.script("arguments[0].scrollIntoView({block: 'center'})", element)
        self.script(NOTE_LEAVING)
        element.click()

    def _arrive(self) -> None:
        self.wait(self._has_arrived, "the page that was asked for does not come")

    def _has_arrived(self) -> bool:
        try:
            return not self.script("return window.anotherPageComes")
        except NoSuchWindowException:  # what was pressed closed its window
            return True

    def confirm(self) -> None:
        self.press(self.find("button[name=confirmed]"))

    def save(self) -> None:
        self.press(self.find("button[name=_save]"))

    def fill(self, name: str, value: str) -> None:
        field = self.find(f"[name='{name}']")
        field.clear()
        field.send_keys(value)

    def write_code(self, name: str, text: str) -> None:
        """In place of all that is in an editor of code."""
        self.find(".edm-editor")
        self.script("edmCode.set(...arguments)", name, text)

    def select(self, name: str, label: str) -> None:
        """In a plain list of choices."""
        for option in self.find(f"select[name='{name}']").find_elements(By.TAG_NAME, "option"):
            if option.text == label:
                return option.click()
        raise AssertionError(f"{name} offers no “{label}”")

    def choose(self, name: str, label: str) -> None:
        """In a list that is searched while one types."""
        opener = f"select[name='{name}'] + .select2 .select2-selection"
        self.press(self.find(opener))
        self.find(".select2-search__field").send_keys(label)

        def offered() -> WebElement | None:
            options = self.visible(
                ".select2-results__option[role=option], .select2-results__option"
            )
            return next((each for each in options if each.text == label), None)

        self.wait(offered, f"{name} finds no “{label}”").click()

    def figure(self, name: str) -> int:
        """A number on the page of a task or service."""

        def shown() -> str:
            return self.driver.find_element(By.CSS_SELECTOR, f"[data-figure='{name}']").text

        return int(self.wait(shown, f"no figure {name}").replace(",", ""))

    @contextmanager
    def without_reload(self) -> Iterator[None]:
        """Fails if the page is left or loaded again within the block."""
        self.script("window.stillHere = true")
        yield
        assert self.script("return window.stillHere === true"), "the page was loaded again"

    # What must not happen

    def complaints(self) -> list[str]:
        """JavaScript errors, and what could not be fetched, since they were last asked for."""
        return [
            f"{entry['level']}: {entry['message']}"
            for entry in self.driver.get_log("browser")
            if entry["level"] in ("SEVERE", "WARNING")
        ]

    def foreign_requests(self) -> list[str]:
        """Addresses elsewhere that pages asked for, since they were last asked for."""
        messages = (
            json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")
        )
        urls = (
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        )
        return [
            url
            for url in urls
            if url.startswith(("http", "ws")) and not url.startswith(self.site + "/")
        ]

    def is_wider_than_its_window(self) -> bool:
        return bool(
            self.script(
                "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
        )
