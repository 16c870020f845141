"""An export as staff make it: asked for, watched, downloaded; work in the list; an attribute."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from campaigns.exports import asking, run
from campaigns.models import Attribute, Contact, Operation
from campaigns.operations import running
from tests.browser.chromium import DESKTOP, PHONE, Browser
from tests.campaigns.exports.files import csv_rows, xlsx_rows
from tests.factories import ContactFactory

pytestmark = pytest.mark.timeout(180)
CONTACTS = 40


@pytest.fixture
def worker(live_server: LiveServer) -> Iterator[Callable[[], None]]:
    """Do from now on what a worker does about operations."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.1):
            for pk in Operation.objects.filter(state="queued").values_list("pk", flat=True):
                running.run(pk)
        connection.close()

    thread = threading.Thread(target=work)
    yield thread.start
    stop.set()
    if thread.ident:
        thread.join(20)


@pytest.fixture
def downloads(admin: Browser, tmp_path: Path) -> Path:
    admin.command("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    return tmp_path


@pytest.fixture
def contacts(user: User) -> None:
    ContactFactory.create_batch(CONTACTS, owner=user, attributes={"points": "12"})


def downloaded(browser: Browser, folder: Path, ending: str) -> bytes:
    def complete() -> Path | None:
        return next(folder.glob(f"*.{ending}"), None)

    return browser.wait(complete, f"a file that ends with {ending}").read_bytes()


def looked_at(browser: Browser, name: str, folder: Path) -> None:
    """Pictures for a person to look at; a page is never wider than its window."""
    for size in (DESKTOP, PHONE):
        browser.resize(size)
        for dark in (False, True):
            browser.dark(dark)
            theme = "dark" if dark else "light"
            browser.driver.save_screenshot(str(folder / f"{name}-{size[0]}-{theme}.png"))
        assert not browser.is_wider_than_its_window()
    browser.dark(False)
    browser.resize(DESKTOP)


def test_few_contacts_are_a_file_at_once(admin: Browser, downloads: Path, contacts: None) -> None:
    admin.open("/admin/campaigns/contact/")
    admin.click("Export to a file")
    admin.wait_for_text("Export all contacts")
    looked_at(admin, "form", downloads)
    admin.select("format", "Excel (XLSX): numbers and dates are numbers and dates")
    admin.press(admin.find("#content-main button[type=submit]"), downloads=True)
    assert len(xlsx_rows(downloaded(admin, downloads, "xlsx"))) == CONTACTS


def test_many_are_made_in_the_cluster_watched_and_downloaded(
    admin: Browser,
    downloads: Path,
    contacts: None,
    worker: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "AT_ONCE", 10)
    monkeypatch.setattr(run, "PIECE", 10)
    admin.open("/admin/campaigns/contact/export")
    admin.press(admin.find("#content-main button[type=submit]"))
    admin.wait_for_text("Waiting for a worker".upper())
    looked_at(admin, "waiting", downloads)
    worker()
    admin.wait_for_text(f"The file has {CONTACTS} rows.")
    looked_at(admin, "done", downloads)
    assert not admin.visible("[hx-get]")
    admin.press(admin.find("ul[aria-label=Files] a"))
    rows = csv_rows(downloaded(admin, downloads, "csv"))
    assert {row["email"] for row in rows} == set(Contact.objects.values_list("email", flat=True))
    admin.click("Work")
    admin.wait_for_text("all contacts")
    looked_at(admin, "list", downloads)


def test_work_is_cancelled_after_a_question(
    admin: Browser, downloads: Path, contacts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "AT_ONCE", 10)
    admin.open("/admin/campaigns/contact/export")
    admin.press(admin.find("#content-main button[type=submit]"))
    admin.press(admin.find("[data-operation] a[href*=cancel]"))
    admin.wait_for_text("What was done until then stays.")
    admin.confirm()
    admin.wait_for_text("is cancelled.")
    assert Operation.objects.get().state == "cancelled"


def test_the_type_of_an_attribute_is_changed_for_all_contacts(
    admin: Browser, user: User, downloads: Path, contacts: None, worker: Callable[[], None]
) -> None:
    ContactFactory(owner=user, attributes={"points": "n/a"})
    Attribute.objects.create(owner=user, key="points")
    worker()
    admin.open("/admin/campaigns/attribute/")
    looked_at(admin, "attributes", downloads)
    admin.click("points")
    admin.click("Change type")
    admin.select("kind", "Number")
    admin.press(admin.find("#content-main button[type=submit]"))
    admin.wait_for_text("1 value of 41 would not convert.")
    looked_at(admin, "question", downloads)
    admin.confirm()
    admin.wait_for_text(f"{CONTACTS} contacts changed.")
    looked_at(admin, "converted", downloads)
    assert Contact.objects.filter(attributes__points=12).count() == CONTACTS
