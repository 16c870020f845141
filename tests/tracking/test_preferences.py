"""The page of one's subscription: what recipients choose there, and what it tells them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from pytest_django import Settings

from campaigns.models import Contact, SubTask, Suppression, Tag, Task
from tests.factories import ContactFactory, TagFactory
from tests.tracking.making import now, sent
from tests.tracking.visiting import get, path, post, stranger
from tracking import timeline
from tracking.events import apply
from tracking.links.tokens import Purpose
from tracking.models import Event, RejectedRequests

pytestmark = pytest.mark.django_db


@pytest.fixture
def subtask() -> SubTask:
    return sent(recipient_email="ann@example.com", content__sender_name="Example News")


@pytest.fixture
def owner(subtask: SubTask) -> User:
    return subtask.task.owner


@pytest.fixture
def ann(owner: User) -> Contact:
    contact: Contact = ContactFactory(owner=owner, email="ann@example.com")
    return contact


@pytest.fixture
def url(subtask: SubTask) -> str:
    return path(Purpose.PREFERENCES, subtask.pk)


@pytest.fixture
def spring(owner: User) -> Tag:
    return TagFactory(owner=owner, name="Spring", is_public=True)


@pytest.fixture
def sale(owner: User) -> Tag:
    return TagFactory(owner=owner, name="Sale", is_public=True)


def tags_of(contact: Contact) -> set[str]:
    return set(contact.tags.values_list("name", flat=True))


def details() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("detail", flat=True))


def save(url: str, **choice: object) -> str:
    response = post(url, {"choice": "save", **choice})
    assert response.status_code == 200
    return response.text


class TestTopics:
    def test_are_the_public_tags_of_the_sender(
        self, url: str, ann: Contact, spring: Tag, owner: User
    ) -> None:
        TagFactory(owner=owner, name="Bad payers")
        TagFactory(name="Of another sender", is_public=True)
        ann.tags.add(spring)
        page = get(url).text
        assert f'name="topic" value="{spring.pk}" checked>Spring' in page
        assert "Bad payers" not in page
        assert "Of another sender" not in page

    def test_are_taken_and_left(self, url: str, ann: Contact, spring: Tag, sale: Tag) -> None:
        ann.tags.add(spring)
        page = save(url, shown=[spring.pk, sale.pk], topic=[sale.pk])
        assert "Your choice is saved." in page
        assert tags_of(ann) == {"Sale"}
        assert details() == ["Wants “Sale”. No longer wants “Spring”."]

    def test_that_the_page_did_not_show_stay(
        self, url: str, ann: Contact, spring: Tag, sale: Tag
    ) -> None:
        ann.tags.add(spring)
        save(url, shown=[sale.pk])
        assert tags_of(ann) == {"Spring"}

    def test_that_are_not_public_or_anothers_cannot_be_named(
        self, url: str, ann: Contact, owner: User
    ) -> None:
        private, foreign = TagFactory(owner=owner, name="VIP"), TagFactory(is_public=True)
        ann.tags.add(private)
        save(url, shown=[private.pk, foreign.pk], topic=[foreign.pk])
        save(url, shown=[foreign.pk], topic=[private.pk, foreign.pk])
        assert tags_of(ann) == {"VIP"}
        assert details() == []

    def test_are_those_of_this_sender_alone(self, url: str, ann: Contact, spring: Tag) -> None:
        elsewhere = ContactFactory(email=ann.email)
        elsewhere.tags.add(TagFactory(owner=elsewhere.owner, name="Spring", is_public=True))
        save(url, shown=[spring.pk])
        assert tags_of(elsewhere) == {"Spring"}

    def test_with_marks_are_shown_as_text(self, url: str, ann: Contact, owner: User) -> None:
        TagFactory(owner=owner, name="<script>alert(1)</script>", is_public=True)
        assert "&lt;script&gt;" in get(url).text


class TestLessOften:
    def test_is_kept_and_recorded(self, url: str, ann: Contact) -> None:
        page = save(url, often="30")
        ann.refresh_from_db()
        assert ann.days_between == 30
        assert 'name="often" value="30" checked' in page
        assert details() == ["At most one message in 30 days."]

    def test_can_be_taken_back(self, url: str, ann: Contact) -> None:
        save(url, often="7")
        save(url, often="0")
        ann.refresh_from_db()
        assert ann.days_between is None
        assert details()[1] == "Every message again."

    def test_leaves_what_staff_entered_as_it_is(self, url: str, ann: Contact) -> None:
        Contact.objects.update(days_between=45)
        assert 'name="often" value="keep" checked>At most one in 45 days' in get(url).text
        save(url, often="keep")
        ann.refresh_from_db()
        assert (ann.days_between, details()) == (45, [])


class TestAPause:
    def test_begins_today_by_the_clock_of_the_database(self, url: str, ann: Contact) -> None:
        page = save(url, pause="30")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT paused_until = date_trunc('day', now(), 'UTC') + interval '30 days' "
                "FROM campaigns_contact"
            )
            assert cursor.fetchone() == (True,)
        assert 'name="pause" value="keep" checked>Until ' in page

    def test_asked_for_twice_on_a_day_is_one(self, url: str, ann: Contact) -> None:
        save(url, pause="91")
        first = Contact.objects.get().paused_until
        save(url, pause="91")
        assert Contact.objects.get().paused_until == first
        assert len(details()) == 1

    def test_can_be_ended(self, url: str, ann: Contact) -> None:
        save(url, pause="182")
        save(url, pause="0")
        ann.refresh_from_db()
        assert ann.paused_until is None
        assert details()[1] == "Ended the pause."

    def test_that_is_over_is_none(self, url: str, ann: Contact) -> None:
        Contact.objects.update(paused_until=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        assert 'name="pause" value="0" checked' in get(url).text
        assert 'value="keep" checked>Until' not in get(url).text


class TestOpens:
    def test_are_recorded_with_consent(self, url: str, ann: Contact) -> None:
        save(url, opens="on", opens_shown="1")
        assert Contact.objects.get().tracking_consent is True
        save(url, opens_shown="1")
        assert Contact.objects.get().tracking_consent is False
        assert details() == ["Agrees that opens are recorded.", "Opens are not to be recorded."]

    def test_are_not_asked_about_where_consent_is_not_needed(
        self, url: str, ann: Contact, settings: Settings
    ) -> None:
        settings.OPENS_NEED_CONSENT = False
        Contact.objects.update(tracking_consent=True)
        assert "opens" not in get(url).text
        save(url)
        ann.refresh_from_db()
        assert ann.tracking_consent


class TestThePage:
    def test_names_the_sender(self, url: str, ann: Contact) -> None:
        assert '<p class="sender">Example News</p>' in get(url).text

    def test_says_kindly_that_the_contact_is_gone(self, url: str, ann: Contact) -> None:
        ann.delete()
        page = save(url, often="30")
        assert "no longer keeps your details" in page
        assert "saved" not in page
        assert "Unsubscribe" in page

    def test_changes_nothing_by_being_looked_at(self, url: str, ann: Contact, spring: Tag) -> None:
        stranger().get(url + f"?choice=save&topic={spring.pk}&shown={spring.pk}&often=7")
        stranger().head(url)
        ann.refresh_from_db()
        assert (tags_of(ann), ann.days_between, details()) == (set(), None, [])

    def test_needs_no_cookie_and_no_script(self, url: str, ann: Contact) -> None:
        client = stranger()
        assert client.post(url, {"choice": "save", "often": "7"}).status_code == 200
        assert not client.cookies
        assert "<script" not in client.get(url).text

    def test_speaks_the_readers_language(self, url: str, ann: Contact) -> None:
        assert "Höchstens eine im Monat" in get(url, **{"Accept-Language": "de"}).text

    @pytest.mark.parametrize(
        "odd",
        [
            {"often": "1"},
            {"often": "99999999999999999999"},
            {"pause": "-1"},
            {"pause": "²"},
            {"shown": "x"},
            {"topic": "1; DROP TABLE"},
            {"shown": [str(n) for n in range(1, 102)]},
        ],
    )
    def test_refuses_what_it_did_not_offer(
        self, url: str, ann: Contact, odd: dict[str, object]
    ) -> None:
        save(url, **odd)
        ann.refresh_from_db()
        assert (ann.days_between, ann.paused_until, details()) == (None, None, [])
        assert RejectedRequests.objects.get().endpoint == "preferences"

    def test_offers_nothing_but_subscribing_to_those_who_left(self, url: str, ann: Contact) -> None:
        page = post(url, {"choice": "unsubscribe"}).text
        assert "Subscribe again" in page
        assert 'name="often"' not in page

    def test_obeys_a_wish_to_leave_when_all_changes_are_used_up(
        self, url: str, ann: Contact, settings: Settings
    ) -> None:
        settings.RESUBSCRIPTIONS_PER_HOUR = 2
        answers = [post(url, {"choice": "save", "often": often}).status_code for often in "070"]
        assert answers == [200, 200, 429]
        assert post(url, {"choice": "unsubscribe"}).status_code == 200
        assert Suppression.objects.get().reason == "unsubscribed"


def test_a_change_is_an_event_of_the_message_that_staff_see(
    url: str, ann: Contact, subtask: SubTask
) -> None:
    save(url, often="7")
    apply.apply_waiting()
    event = Event.objects.get()
    assert (event.kind, event.state, event.recipient) == ("preferences", "applied", ann.email)
    assert event.by == "Person"
    assert now(subtask).status == "delivered"
    Task.objects.update(launched_at=Now())
    (message,) = timeline.timeline_of(ann).messages
    assert message.lines[0].what == "Chose what to get: At most one message in 7 days."


def test_what_was_changed_can_be_told_by_when(url: str, ann: Contact) -> None:
    Contact.objects.update(changed_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    save(url, often="7")
    ann.refresh_from_db()
    assert ann.changed_at.year > 2020
