from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from campaigns.models import SubTask
from tests.campaigns.admin.staff import MANAGER, SUPERUSER, VIEWER, member, signed_in
from tests.factories import EmailServiceFactory
from tests.tracking.making import event, from_launch, frozen, sent, tell
from tracking.event_kinds import Actor, EventKind, source_in_words
from tracking.events import apply, inbox
from tracking.feedback import MOST_EVENTS, feedback_of, links_of
from tracking.models import Event, RejectedRequests

pytestmark = pytest.mark.django_db

EVENTS = reverse("admin:tracking_event_changelist")


def page(user: User, url: str) -> str:
    response = signed_in(user).get(url)
    assert response.status_code == 200
    return response.content.decode()


def change(subtask: SubTask) -> str:
    return reverse("admin:campaigns_subtask_change", args=[subtask.pk])


class TestTheList:
    def test_is_searched_by_the_whole_address(self) -> None:
        ann, bob = sent(recipient_email="ann@example.com"), sent(recipient_email="bob@example.com")
        for subtask in (ann, bob):
            tell(EventKind.OPENED, subtask)
        found = page(member(SUPERUSER), f"{EVENTS}?q=ANN@example.com")
        assert "ann@example.com" in found
        assert "bob@example.com" not in found

    def test_leads_also_to_an_event_of_no_address(self) -> None:
        tell(EventKind.OPENED, sent())
        Event.objects.update(recipient="")
        shown = " ".join(page(member(SUPERUSER), EVENTS).split())
        assert re.search(r'href="/admin/tracking/event/\d+/change/[^"]*"[^>]*> ?– ?</a>', shown)

    def test_says_how_often_what_happened_more_than_once(self) -> None:
        tell(EventKind.OPENED, sent())
        assert "(×" not in page(member(SUPERUSER), EVENTS)
        Event.objects.update(times=3)
        assert "(× 3)" in page(member(SUPERUSER), EVENTS)

    def test_finds_nothing_for_a_part_of_one(self) -> None:
        tell(EventKind.OPENED, sent(recipient_email="ann@example.com"))
        assert "ann@example.com</" not in page(member(SUPERUSER), f"{EVENTS}?q=ann@")

    def test_takes_a_day_without_a_time_for_the_whole_day(self) -> None:
        tell(EventKind.OPENED, sent(recipient_email="ann@example.com"))
        Event.objects.update(received_at="2026-03-05T13:00Z")
        on = "received_at_from_0={0}&received_at_to_0={0}"
        assert "ann@example.com" in page(member(SUPERUSER), f"{EVENTS}?{on.format('2026-03-05')}")
        assert "ann@" not in page(member(SUPERUSER), f"{EVENTS}?{on.format('2026-03-06')}")

    def test_tells_owners_of_no_events_that_do_not_count(self) -> None:
        mine = sent(task__owner=member(MANAGER))
        tell(EventKind.OPENED, mine)
        assert "field-standing" in page(member(SUPERUSER), EVENTS)
        found = page(mine.task.owner, EVENTS)
        assert "field-received" in found and "field-standing" not in found

    def test_counts_no_rows(self) -> None:
        subtask = sent()
        inbox.accept(event(EventKind.OPENED, subtask) for _ in range(60))
        client = signed_in(member(SUPERUSER))
        client.get(EVENTS)
        with CaptureQueriesContext(connection) as queries:
            client.get(EVENTS)
        about_events = [q["sql"] for q in queries if "tracking_event" in q["sql"]]
        assert about_events
        assert not any("COUNT(" in sql.upper() for sql in about_events)

    def test_shows_staff_their_own_campaigns_only(self) -> None:
        mine = sent(task__owner=member(MANAGER), recipient_email="mine@example.com")
        tell(EventKind.OPENED, mine)
        tell(EventKind.OPENED, sent(recipient_email="others@example.com"))
        tell(EventKind.OPENED, recipient="unknown@example.com")
        found = page(mine.task.owner, EVENTS)
        assert "mine@example.com" in found
        assert "others@example.com" not in found
        assert "unknown@example.com" not in found
        assert "unknown@example.com" in page(member(VIEWER), EVENTS)

    @pytest.mark.parametrize("role", [SUPERUSER, MANAGER, VIEWER])
    def test_nobody_changes_or_deletes_an_event(self, role: str) -> None:
        user = member(role)
        tell(EventKind.OPENED, sent(task__owner=user))
        row = Event.objects.get()
        client = signed_in(user)
        url = reverse("admin:tracking_event_change", args=[row.pk])
        assert client.post(url, {"kind": "clicked"}).status_code == 403
        assert client.post(url.replace("change", "delete"), {"post": "yes"}).status_code == 403
        assert Event.objects.filter(kind="opened").exists()

    def test_says_who_it_was_and_no_more_of_what_counts(self) -> None:
        tell(EventKind.OPENED, sent(recipient_email="ann@example.com"))
        found = page(member(SUPERUSER), EVENTS)
        assert "ann@example.com</a>" in found
        assert "Applied" not in found.replace('"applied">Applied</option>', "")

    def test_says_why_one_does_not_count(self) -> None:
        tell(EventKind.DELIVERED, recipient="unknown@example.com")
        Event.objects.update(state="given_up", note="no message of this address")
        assert "no message of this address" in page(member(SUPERUSER), EVENTS)


class TestTheEvent:
    def test_names_what_is_told_and_folds_the_rest(self) -> None:
        tell(EventKind.HARD_BOUNCED, sent(recipient_email="ann@example.com"), detail="550 no")
        url = reverse("admin:tracking_event_change", args=[Event.objects.get().pk])
        plain, details = page(member(SUPERUSER), url).split("Technical details", 1)
        assert "Message to ann@example.com</a>" in plain
        assert "550 no" in plain
        assert "Occurred at" not in plain
        assert "User agent" in details

    def test_shows_its_payload_as_text(self) -> None:
        tell(EventKind.OPENED, sent(), raw={"x": "<script>alert(1)</script>"})
        url = reverse("admin:tracking_event_change", args=[Event.objects.get().pk])
        text = page(member(SUPERUSER), url)
        assert "alert(1)" in text
        assert "<script>alert(1)" not in text

    def test_opens_when_its_subtask_is_unknown(self) -> None:
        tell(EventKind.OPENED, subtask_id=10**12)
        url = reverse("admin:tracking_event_change", args=[Event.objects.get().pk])
        assert str(10**12) in page(member(SUPERUSER), url)


class TestRejectedRequests:
    def test_are_said_in_words(self) -> None:
        for endpoint, reason in (("open", "token"), ("webhook brevo", "wrong signature")):
            RejectedRequests.objects.create(
                day="2030-01-01", endpoint=endpoint, reason=reason, count=1
            )
        found = page(member(SUPERUSER), reverse("admin:tracking_rejectedrequests_changelist"))
        assert "picture that records opens" in found
        assert "a link that is damaged or made up" in found
        assert "webhook of brevo" in found
        assert "wrong signature" in found


class TestTheSubTask:
    def test_shows_what_came_back(self) -> None:
        subtask = sent()
        tell(EventKind.HARD_BOUNCED, subtask, detail="550 no such user")
        text = page(member(SUPERUSER), change(subtask))
        assert "What came back" in text
        assert "550 no such user" in text

    def test_shows_nothing_that_others_claim_about_it(self) -> None:
        subtask, other = sent(), EmailServiceFactory()
        tell(EventKind.HARD_BOUNCED, subtask, service_id=other.pk, detail="a lie")
        assert "a lie" not in page(member(SUPERUSER), change(subtask))

    def test_shows_the_newest_when_there_are_very_many(self) -> None:
        subtask = sent()
        inbox.accept(event(EventKind.OPENED, subtask) for _ in range(MOST_EVENTS + 50))
        apply.apply_waiting()
        text = page(member(SUPERUSER), change(subtask))
        assert text.count("Postmark") == MOST_EVENTS


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("click", "a link in the message"),
        ("ses", "Amazon SES"),
        ("own pages", "own pages"),
        ("elsewhere", "elsewhere"),
    ],
)
def test_who_reported_an_event_is_told_in_words(source: str, told: str) -> None:
    assert source_in_words(source) == told


class TestTheTask:
    def numbers(self, task_id: int) -> dict[str, tuple[int, int, int, int]]:
        lines = feedback_of(task_id)
        return {
            line.label: (line.people, line.proxies, line.machines, line.events) for line in lines
        }

    def test_shows_people_proxies_and_machines_apart(self) -> None:
        subtask = sent()
        for actor, times in ((Actor.PERSON, 3), (Actor.PROXY, 2), (Actor.MACHINE, 1)):
            for _ in range(times):
                tell(EventKind.CLICKED, subtask, actor=actor)
        tell(EventKind.COMPLAINED, subtask)
        tell(EventKind.DELIVERED, subtask)
        assert self.numbers(subtask.task_id) == {
            "Clicked": (1, 1, 1, 6),
            "Reported as spam": (1, 0, 0, 1),
        }
        text = page(
            member(SUPERUSER), reverse("admin:campaigns_task_change", args=[subtask.task_id])
        )
        assert "Reported as spam" in text

    def test_says_which_part_of_those_it_reached_left(self) -> None:
        subtask = sent()
        tell(EventKind.UNSUBSCRIBED, subtask)
        tell(EventKind.HARD_BOUNCED, subtask)
        rates = {line.label: line.rate for line in feedback_of(subtask.task_id, reached=8)}
        assert rates == {
            "Unsubscribed": "12.5\N{NO-BREAK SPACE}%",
            "Bounced for good: the address does not exist": "",
        }

    def test_of_which_nothing_came_back_shows_nothing(self) -> None:
        subtask = sent()
        text = page(
            member(SUPERUSER), reverse("admin:campaigns_task_change", args=[subtask.task_id])
        )
        assert "What came back" not in text

    def test_shows_every_link_and_how_often_it_was_followed(self) -> None:
        made = frozen('<a href="https://b.example/">b</a> <a href="https://a.example/">a</a>')
        subtask = from_launch(made)
        for _ in range(2):
            tell(EventKind.CLICKED, subtask, source="click", url="https://a.example/")
        lines = [(line.label, line.people, line.events) for line in links_of(subtask.task_id)]
        assert lines == [("https://b.example/", 0, 0), ("https://a.example/", 1, 2)]
        url = reverse("admin:campaigns_task_change", args=[subtask.task_id])
        assert "Clicks by link" in page(member(SUPERUSER), url)

    def test_is_read_in_one_query_however_much_came_back(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        subtask = sent()
        inbox.accept(event(kind, subtask) for kind in EventKind for _ in range(50))
        apply.apply_waiting()
        with django_assert_num_queries(1):
            feedback_of(subtask.task_id)
