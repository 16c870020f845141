"""A campaign to those who did not get, open or click another: two clicks from its page."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaigns import audience
from campaigns.models import Contact, Engagement, EngagementKind, Segment, Task
from tests.campaigns.admin.staff import CONFIRM, MANAGER, address, member, page_of, signed_in, texts
from tests.factories import ContactFactory, EmailServiceFactory, SendingTaskFactory, TagFactory

pytestmark = pytest.mark.django_db
PAGES = ("mail_not_opened", "mail_not_clicked", "mail_not_sent")


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def client(user: User) -> Client:
    return signed_in(user)


@pytest.fixture
def task(user: User) -> Task:
    """Sent to Ada, Bob and Cleo; Ada opened, Bob clicked; Dan came later."""
    task = SendingTaskFactory(
        owner=user, name="Spring", track_opens=True, launched_at=timezone.now()
    )
    task.services.add(EmailServiceFactory())
    contacts = {
        name: ContactFactory(owner=user, name=name) for name in ("Ada", "Bob", "Cleo", "Dan")
    }
    happened(task, EngagementKind.SENT, contacts["Ada"], contacts["Bob"], contacts["Cleo"])
    happened(task, EngagementKind.OPENED, contacts["Ada"])
    happened(task, EngagementKind.CLICKED, contacts["Bob"])
    return task


def happened(task: Task, kind: EngagementKind, *contacts: Contact) -> None:
    for contact in contacts:
        contact.refresh_from_db()
        Engagement.objects.create(
            task=task, owner_id=task.owner_id, kind=kind, address_key=contact.address_key,
            at=timezone.now(),
        )  # fmt: skip


def mailed(draft: Task) -> set[str]:
    return set(audience.contacts_of(draft).values_list("name", flat=True))


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("mail_not_opened", {"Bob", "Cleo"}),
        ("mail_not_clicked", {"Ada", "Cleo"}),
        ("mail_not_sent", {"Dan"}),
    ],
)
def test_a_draft_mails_those_who_did_not(
    client: Client, task: Task, page: str, expected: set[str]
) -> None:
    url = address("campaigns.task", page, task.pk)
    assert "Nothing is sent before you launch it." in page_of(client.get(url))
    assert Task.objects.count() == 1
    response = client.post(url, CONFIRM)
    draft = Task.objects.latest("pk")
    assert response.headers["Location"] == address("campaigns.task", "step_check", draft.pk)
    assert draft.status == "draft"
    assert mailed(draft) == expected
    assert list(draft.templates.all()) == list(task.templates.all())
    assert (draft.sender, list(draft.services.all())) == (task.sender, list(task.services.all()))


def test_those_who_did_not_get_it_are_of_its_audience(
    client: Client, task: Task, user: User
) -> None:
    tag = TagFactory(owner=user)
    tag.contacts.add(*Contact.objects.filter(name__in=("Ada", "Dan")))
    ContactFactory(owner=user, name="Eve")
    task.audience = "tags"
    task.save()
    task.include_tags.add(tag)
    client.post(address("campaigns.task", "mail_not_sent", task.pk), CONFIRM)
    assert mailed(Task.objects.latest("pk")) == {"Dan"}


@pytest.mark.parametrize(("page", "number"), [("mail_not_opened", 2), ("mail_not_clicked", 2)])
def test_the_question_says_how_many_they_are(
    client: Client, task: Task, page: str, number: int
) -> None:
    url = address("campaigns.task", page, task.pk)
    details = dict(client.get(url).context["question"].details)
    assert details["Contacts in it"] == str(number)


def test_the_question_says_that_only_recorded_opens_are_known(client: Client, task: Task) -> None:
    page = page_of(client.get(address("campaigns.task", "mail_not_opened", task.pk)))
    assert "An open is known only where it is recorded" in page


@pytest.mark.parametrize("page", PAGES[:2])
def test_what_is_not_recorded_is_not_offered_and_refused(
    client: Client, task: Task, page: str
) -> None:
    Task.objects.update(track_opens=False, track_clicks=False)
    url = address("campaigns.task", page, task.pk)
    assert url not in page_of(client.get(address("campaigns.task", "change", task.pk)))
    assert "not recorded" in texts(client.post(url, CONFIRM, follow=True))
    assert not Segment.objects.exists()


def test_the_buttons_are_on_the_page_of_a_launched_task_alone(client: Client, task: Task) -> None:
    for launched_at in (timezone.now(), None):
        Task.objects.update(launched_at=launched_at)
        page = page_of(client.get(address("campaigns.task", "change", task.pk)))
        for name in PAGES:
            shown = address("campaigns.task", name, task.pk) in page
            assert shown == (launched_at is not None)


def test_a_second_one_has_names_of_its_own(client: Client, task: Task) -> None:
    url = address("campaigns.task", "mail_not_opened", task.pk)
    for _ in range(2):
        client.post(url, CONFIRM)
    assert sorted(Segment.objects.values_list("name", flat=True)) == [
        "Spring: did not open it",
        "Spring: did not open it (2)",
    ]
