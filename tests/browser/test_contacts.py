"""Contacts as staff keep them: found, tagged all at once, undone, and one looked at closely."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from campaigns.models import Contact, Operation, OperationState
from campaigns.operations import running
from tests.browser.chromium import PHONE, Browser
from tests.factories import ContactFactory, TagFactory, TaskFactory

pytestmark = pytest.mark.timeout(180)
LIST = "admin:campaigns_contact_changelist"


def work() -> None:
    """What a worker does."""
    for operation in Operation.objects.filter(state=OperationState.QUEUED):
        running.run(operation.pk)


def people(user: User) -> None:
    for number in range(3):
        ContactFactory(owner=user, email=f"ada{number}@qq.example", name=f"Ada {number}")
    ContactFactory(owner=user, email="bob@else.example", name="Bob", mail_consent="refused")


def test_all_that_match_are_tagged_and_the_tag_is_taken_off_again(
    admin: Browser, user: User
) -> None:
    people(user)
    tag = TagFactory(owner=user, name="spring")
    admin.open(reverse(LIST))
    admin.wait_for_text("4 contacts")
    admin.open(f"{reverse(LIST)}?q=qq.exam")
    admin.wait_for_text("3 contacts")
    admin.click("Add tags", "#all-matching")
    admin.wait_for_text("Add tags to 3 contacts?")
    admin.fill("new", "spring")
    admin.confirm()
    admin.wait_for_text("Add tags: spring (3 contacts)")
    work()
    admin.wait_for_text("Got a tag: 3 contacts.")
    assert tag.contacts.count() == 3
    admin.click("Undo")
    admin.wait_for_text("It changed 3 contacts.")
    admin.confirm()
    work()
    admin.wait_for_text("As before the change again: 3 contacts.")
    assert not tag.contacts.exists()


def test_a_status_narrows_the_list(admin: Browser, user: User) -> None:
    people(user)
    admin.open(f"{reverse(LIST)}?status=refused")
    admin.wait_for_text("1 contact")
    admin.wait_for_text("Did not agree")
    assert "Ada 1" not in admin.text


def test_the_page_of_a_contact_says_why_it_gets_a_campaign(admin: Browser, user: User) -> None:
    contact = ContactFactory(owner=user, name="Ada", attributes={"city": "Malmö"})
    TaskFactory(owner=user, name="Spring seeds")
    admin.open(reverse("admin:campaigns_contact_change", args=[contact.pk]))
    admin.wait_for_text("What was sent to this person")
    admin.select("campaign", "Spring seeds")
    admin.press(admin.find("#why button"))
    admin.wait_for_text("Spring seeds: Gets a message.")
    admin.fill("new_attribute", "Shoe size")
    admin.fill("new_value", "43")
    admin.save()
    admin.wait_for_text("was changed successfully")
    assert Contact.objects.get().attributes == {"city": "Malmö", "shoe_size": "43"}


@pytest.mark.parametrize("page", ["changelist", "change", "add_tags"])
def test_pages_of_contacts_fit_a_phone(admin: Browser, user: User, page: str) -> None:
    contact = ContactFactory(owner=user, attributes={f"key {n}": "x" * 40 for n in range(9)})
    arguments = [contact.pk] if page == "change" else []
    admin.resize(PHONE)
    admin.open(reverse(f"admin:campaigns_contact_{page}", args=arguments))
    assert not admin.is_wider_than_its_window()
