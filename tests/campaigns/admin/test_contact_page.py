"""The page of a contact: its subscription, its timeline, and why it gets a campaign or not."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.models import Contact, SubTask, Suppression, Tag
from tests.campaigns.admin.staff import MANAGER, address, member, page_of, signed_in
from tests.factories import ContactFactory, SubTaskFactory, TagFactory, TaskFactory
from tracking.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def ada(user: User) -> Contact:
    contact: Contact = ContactFactory(owner=user, email="ada@example.com", name="Ada")
    return contact


def page(user: User, contact: Contact, **query: str | int) -> str:
    url = address("campaigns.contact", "change", contact.pk)
    return page_of(signed_in(user).get(url, query))


def sent(contact: Contact, name: str, owner: User | None = None) -> SubTask:
    now = timezone.now()
    subtask: SubTask = SubTaskFactory(
        task__owner=owner or contact.owner,
        task__name=name,
        task__launched_at=now,
        recipient_email=contact.email,
    )
    SubTask.objects.filter(pk=subtask.pk).update(sent_at=now)
    return subtask


def event(subtask: SubTask, kind: str, number: int = 0, **values: object) -> None:
    Event.objects.create(
        kind=kind,
        source="test",
        subtask=subtask,
        state="applied",
        dedupe_key=f"{kind} {number}",
        **values,
    )


class TestTheSubscription:
    def test_says_reason_source_and_time(self, user: User, ada: Contact) -> None:
        Suppression.objects.create(email=ada.email, reason="unsubscribed", source="link in mail")
        shown, today = page(user, ada), timezone.localdate()
        assert "Suppressed: unsubscribed" in shown
        assert "Source: link in mail" in shown
        assert f"Since {today.day} {today:%b %Y}, " in shown

    def test_names_a_whole_domain(self, user: User, ada: Contact) -> None:
        Suppression.objects.create(email="@example.com", reason="manual")
        assert "Suppressed: the whole domain, added by staff" in page(user, ada)

    def test_says_until_when_a_pause_lasts(self, user: User, ada: Contact) -> None:
        until = timezone.now() + dt.timedelta(days=3)
        Contact.objects.filter(pk=ada.pk).update(paused_until=until, days_between=7)
        shown = page(user, ada)
        assert f"Paused until {until.day} {until:%b %Y}" in shown
        assert "At most one message in 7 days" in shown


class TestTheTimeline:
    def test_shows_what_was_sent_and_what_came_of_it(self, user: User, ada: Contact) -> None:
        message = sent(ada, "Spring")
        event(message, "opened", actor="machine")
        event(message, "clicked", actor="person", url="https://shop.example/seeds", times=3)
        shown = page(user, ada)
        timeline = shown.split('id="timeline"')[1]
        assert timeline.index("Clicked") < timeline.index("Opened") < timeline.index("Sent")
        assert "by: scanner or other machine" in shown
        assert "by: person" in shown
        assert "https://shop.example/seeds" in shown
        assert "3 times" in shown
        assert address("campaigns.subtask", "change", message.pk) in shown

    def test_is_newest_first_and_paged(self, user: User, ada: Contact) -> None:
        for number in range(12):
            sent(ada, f"Campaign {number:02}")
        first, second = page(user, ada), page(user, ada, messages=2)
        assert first.index("Campaign 11</span>") < first.index("Campaign 10</span>")
        assert "Campaign 01</span>" not in first
        assert "Campaign 01</span>" in second
        assert "?messages=2#timeline" in first
        assert "?messages=1#timeline" in second

    def test_shows_nothing_of_other_owners(self, user: User, ada: Contact) -> None:
        sent(ada, "Foreign campaign", owner=member(MANAGER))
        assert "Foreign campaign" not in page(user, ada)

    @pytest.mark.parametrize("number", ["x", "-1", "0", "99999999", "²", "\x00"])
    def test_no_number_of_a_page_breaks_it(self, user: User, ada: Contact, number: str) -> None:
        assert "What was sent to this person" in page(user, ada, messages=number)

    def test_escapes_what_came_in(self, user: User, ada: Contact) -> None:
        event(sent(ada, "<b>Spring"), "clicked", url="javascript:alert(1)//<script>")
        shown = page(user, ada)
        assert "<script>" not in shown.split('id="timeline"')[1]
        assert 'href="javascript:' not in shown


class TestWhy:
    def test_a_person_gets_a_campaign(self, user: User, ada: Contact) -> None:
        task = TaskFactory(owner=user, name="Spring")
        assert "Spring: Gets a message." in page(user, ada, campaign=task.pk)

    def test_a_suppressed_person_does_not(self, user: User, ada: Contact) -> None:
        Suppression.objects.create(email=ada.email, reason="complaint")
        task = TaskFactory(owner=user, name="Spring")
        assert "Spring: Is left out: the address is suppressed (complaint)." in page(
            user, ada, campaign=task.pk
        )

    def test_one_outside_of_the_audience_does_not(self, user: User, ada: Contact) -> None:
        tag: Tag = TagFactory(owner=user)
        task = TaskFactory(owner=user, audience="tags")
        task.include_tags.add(tag)
        assert "the audience does not include them" in page(user, ada, campaign=task.pk)

    def test_is_not_told_of_campaigns_of_others(self, user: User, ada: Contact) -> None:
        foreign = TaskFactory(name="Foreign campaign")
        shown = page(user, ada, campaign=foreign.pk)
        assert "Foreign campaign" not in shown
        assert "data-answer" not in shown

    @pytest.mark.parametrize("key", ["x", "", "99999999999999999999999", "\x00"])
    def test_no_key_breaks_it(self, user: User, ada: Contact, key: str) -> None:
        TaskFactory(owner=user)
        assert "data-answer" not in page(user, ada, campaign=key)


def test_the_page_of_a_contact_of_others_is_not_there(user: User) -> None:
    url = address("campaigns.contact", "change", ContactFactory().pk)
    response = signed_in(user).get(url, {"campaign": "1"})
    assert response.status_code == 302
