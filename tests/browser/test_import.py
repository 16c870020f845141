"""A file of contacts comes in: looked at, changed, checked, imported, corrected, undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from django.contrib.auth.models import User
from django.urls import reverse
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from campaigns.models import Contact, Operation, RememberedColumns, StoredFile
from campaigns.operations import files
from tests.browser.chromium import Browser

pytestmark = pytest.mark.timeout(180)

Works = Callable[[], None]
DATA = Path(__file__).parents[1] / "data"
MOST_TABS = 80


def upload(admin: Browser, path: Path) -> None:
    admin.open(reverse("admin:campaigns_contact_import_file"))
    admin.driver.find_element("name", "file").send_keys(str(path.resolve()))
    admin.click("Look at the file")
    admin.wait_for_text("What was understood")


def go_on_to_the_check(admin: Browser, tags: str = "") -> None:
    admin.click("Go on")
    admin.wait_for_text("What to do with")
    admin.fill("tags", tags)
    admin.click("Check, without importing")
    admin.wait_for_text("What would become of")


def figures(admin: Browser) -> dict[str, int]:
    labels = [each.get_attribute("data-figure") for each in admin.visible("[data-figure]")]
    return {label: admin.figure(label) for label in labels if label}


def test_a_messy_file_comes_in_with_numbers_that_add_up(
    admin: Browser, user: User, works: Works
) -> None:
    admin.open(reverse("admin:campaigns_contact_changelist"))
    admin.click("Import from a file")
    upload(admin, DATA / "contacts_messy.csv")
    admin.wait_for_text("What its 7 columns mean")
    admin.wait_for_text("first.last+tag3@example.com")
    go_on_to_the_check(admin, "spring")
    admin.wait_for_text("It begins as soon as a worker is free.")
    assert not Contact.objects.exists()
    works()
    admin.wait_for_text("Nothing was changed yet.")
    expected = {
        "Created": 11_567, "Updated": 0, "Unchanged": 0, "Duplicates in the file": 244,
        "Rejected": 189,
    }  # fmt: skip
    assert figures(admin) == expected
    assert sum(expected.values()) == 12_000
    assert not Contact.objects.exists()

    admin.click("Import now")
    admin.wait_for_text("12,000 of 12,000 rows")
    admin.wait_for_text("Contacts that came in")
    assert figures(admin) == expected
    assert Contact.objects.filter(owner=user, tags__name="spring").count() == 11_567
    admin.click("All imports")
    admin.wait_for_text("contacts_messy.csv")
    admin.wait_for_text("11,567")


def test_a_guess_is_changed_and_the_rows_follow(admin: Browser, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Email;Town;Born\nada@example.com;London, UK;10/12/1815\n")
    upload(admin, path)
    with admin.without_reload():
        assert "town" in admin.find("#first-rows").text
        admin.select("meaning_1", "Leave out")
        admin.wait(lambda: "town" not in admin.find("#first-rows").text, "the rows stay")
        admin.select("kind_2", "Date, 31/12/2026")
        admin.wait(lambda: "1815-12-10" in admin.find("#first-rows").text, "no such date")
        admin.select("delimiter", "Commas")
        admin.wait_for_text("What its 1 column means")
        admin.select("delimiter", "Semicolons")
        admin.wait_for_text("What its 3 columns mean")
    admin.select("meaning_1", "Leave out")
    admin.wait(lambda: "town" not in admin.find("#first-rows").text, "the rows stay")
    admin.click("Go on")
    admin.wait_for_text("What to do with")
    assert RememberedColumns.objects.count() == 1

    upload(admin, path)
    admin.wait_for_text("Read as you chose on")
    admin.click("Forget that, and guess")
    admin.wait(lambda: "town" in admin.find("#first-rows").text, "it is not guessed anew")


def test_a_workbook_has_sheets_to_choose_from(
    admin: Browser, user: User, works: Works, tmp_path: Path
) -> None:
    path = tmp_path / "members.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, who in (("Members", "ada"), ("Guests", "bob")):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["Email", "Visits"])
            sheet.write_row(1, 0, [f"{who}@example.com", 3])
    upload(admin, path)
    admin.wait_for_text("ada@example.com")
    admin.select("sheet", "Guests")
    admin.wait_for_text("bob@example.com")
    works()
    go_on_to_the_check(admin)
    admin.click("Import now")
    admin.wait_for_text("Contacts that came in")
    contact = Contact.objects.get(owner=user)
    assert (contact.email, contact.attributes) == ("bob@example.com", {"visits": 3})


def test_an_import_is_cancelled(admin: Browser, works: Works, contacts_file: Path) -> None:
    upload(admin, contacts_file)
    go_on_to_the_check(admin)
    works_later = Operation.objects.filter(params__dry_run=True)
    works_later.update(state="done", result={"created": 2, "rejected": 1})
    admin.click("Import now")
    admin.wait_for_text("It begins as soon as a worker is free.")

    def address() -> str | None:
        """Of a link in a part that is replaced each second."""
        return admin.find("a[href$='/cancel/']").get_attribute("href")

    admin.driver.get(admin.wait(address, "no way to cancel"))
    admin.wait_for_text("What came in until then stays")
    admin.confirm()
    admin.wait_for_text("Cancelled")
    works()
    assert not Contact.objects.exists()


def test_rejected_rows_are_corrected_brought_again_and_undone(
    admin: Browser, user: User, works: Works, contacts_file: Path, tmp_path: Path
) -> None:
    works()
    upload(admin, contacts_file)
    go_on_to_the_check(admin)
    admin.click("Import now")
    admin.wait_for_text("Rejected rows, to correct")
    admin.wait_for_text("3 nobody An email address must have an @-sign.")
    rejected = b"".join(files.parts_of(StoredFile.objects.get(role="rejected")))
    corrected = tmp_path / "corrected.csv"
    corrected.write_bytes(rejected.replace(b"nobody", b"bob@example.com"))

    upload(admin, corrected)
    go_on_to_the_check(admin)
    admin.click("Import now")
    admin.wait_for_text("Contacts that came in")
    emails = {contact.email for contact in Contact.objects.filter(owner=user)}
    assert emails == {"ada@example.com", "cleo@example.com", "bob@example.com"}

    admin.click("Undo this import")
    admin.wait_for_text("Undo the import of “corrected.csv”?")
    admin.confirm()
    admin.wait_for_text("This import was undone")
    emails = {contact.email for contact in Contact.objects.filter(owner=user)}
    assert emails == {"ada@example.com", "cleo@example.com"}


def test_the_keyboard_is_enough(
    admin: Browser, user: User, works: Works, contacts_file: Path
) -> None:
    works()
    admin.open(reverse("admin:campaigns_contact_import_file"))
    admin.driver.find_element("name", "file").send_keys(str(contacts_file))
    press(admin, "Look at the file")
    admin.wait_for_text("What was understood")
    press(admin, "Go on")
    admin.wait_for_text("What to do with")
    press(admin, "Check, without importing")
    admin.wait_for_text("Nothing was changed yet.")
    press(admin, "Import now")
    admin.wait_for_text("Contacts that came in")
    assert Contact.objects.filter(owner=user).count() == 2


def press(admin: Browser, name: str) -> None:
    """The button of this name, reached by the key that leads from field to field."""
    for _ in range(MOST_TABS):
        focused = admin.driver.switch_to.active_element
        if name in focused.text.split("\n") and focused.tag_name in ("a", "button"):
            ActionChains(admin.driver).send_keys(Keys.ENTER).perform()
            return
        ActionChains(admin.driver).send_keys(Keys.TAB).perform()
    raise AssertionError(f"the keyboard does not reach “{name}”")
