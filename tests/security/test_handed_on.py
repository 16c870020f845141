"""What is handed on to another owner, or whose user has left, is told to the old one no more."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from campaigns.models import Contact, Difference, LeftOut, Promise, PromisedContacts
from tests.campaigns.admin.segments.building import form
from tests.campaigns.admin.staff import MANAGER, address, member, page_of, signed_in
from tests.factories import (
    ContactFactory,
    OperationFactory,
    SegmentFactory,
    TaskFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
NAME = "Merger with Example Corp"


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def handed_on(user: User, **values: object) -> Contact:
    """A contact that was the user's, and says something new since."""
    contact = ContactFactory(owner=user, email="ada@example.com", **values)
    Contact.objects.filter(pk=contact.pk).update(
        owner=UserFactory(), name=NAME, email="merger@example.com"
    )
    return contact


@pytest.mark.parametrize("query", ["left_out=refused", "change=left", "promise={}&reason=sent"])
def test_the_lists_of_a_task_say_what_was_recorded(user: User, query: str) -> None:
    task, contact = TaskFactory(owner=user), handed_on(user)
    recorded = {"task": task, "contact_id": contact.pk, "recipient_email": "ada@example.com"}
    LeftOut.objects.create(**recorded, reason="refused")
    Difference.objects.create(**recorded, change="left")
    promise = Promise.objects.create(task=task)
    keys = {"first_id": contact.pk, "last_id": contact.pk, "contact_ids": [contact.pk]}
    PromisedContacts.objects.create(promise=promise, address_keys=[1], **keys)
    url = address("campaigns.task", "recipients", task.pk)
    page = page_of(signed_in(user).get(f"{url}?{query.format(promise.pk)}"))
    assert "ada@example.com" in page or "This contact has another owner now." in page
    assert NAME not in page
    assert "merger@example.com" not in page


def test_the_new_owner_learns_of_no_file_of_the_old_one(user: User) -> None:
    imported = OperationFactory(owner=UserFactory(), title=f"{NAME}.csv")
    contact = ContactFactory(owner=user, imported_by=imported)
    page = page_of(signed_in(user).get(address("campaigns.contact", "change", contact.pk)))
    assert contact.email in page
    assert NAME not in page


def test_who_may_only_look_at_a_segment_asks_no_other_question_of_the_contacts() -> None:
    viewer = UserFactory()
    viewer.user_permissions.add(Permission.objects.get(codename="view_segment"))
    team = TeamFactory(members=[viewer])
    segment = SegmentFactory(owner=team.account)
    url = address("campaigns.segment", "figures", segment.pk)
    client = signed_in(viewer)
    assert client.get(url).status_code == 200
    assert client.post(url, form(("name", "set", {}))).status_code == 403


@pytest.mark.parametrize("before", ["9" * 5_000, "9" * 30, "0", "٣", "-1", "\x00"])
def test_the_history_of_imports_takes_any_page(user: User, before: str) -> None:
    url = reverse("admin:campaigns_contact_imports")
    assert signed_in(user).get(url, {"before": before}).status_code == 200
