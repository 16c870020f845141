"""A campaign by mailbox provider, service, version and time."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from campaigns.models import BackgroundJob, SubTask, Task
from campaigns.models.ab_test import UNTIL_RELEASED
from tests.factories import (
    ContentFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    UserFactory,
)
from tracking.breakdowns import averages, keeping, showing
from tracking.breakdowns.counting import count
from tracking.models import Breakdown, Event, EventTally

pytestmark = pytest.mark.django_db

BEGAN = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
LATER = BEGAN + dt.timedelta(hours=2)


@pytest.fixture
def task() -> Task:
    return SendingTaskFactory(started_at=BEGAN, launched_at=BEGAN)


def sent(task: Task, address: str, status: str = "sent", **values: Any) -> SubTask:
    content = task.contents.first() or ContentFactory(task=task)
    values = {"content": content, "service": EmailServiceFactory(), **values}
    return SubTaskFactory(task=task, recipient_email=address, status=status, **values)


def happened(subtask: SubTask, kind: str, minutes: int = 0, **values: Any) -> Event:
    fields = {
        "source": "test",
        "dedupe_key": f"{subtask.pk} {kind} {minutes} {values.get('actor')}",
        "received_at": BEGAN + dt.timedelta(minutes=minutes),
        "state": "applied",
    }
    event: Event = Event.objects.create(subtask=subtask, kind=kind, **{**fields, **values})
    return event


def table(task: Task, name: str) -> dict[str, tuple[int, ...]]:
    found = {each.name: each for each in showing.tables(task, count(task, LATER))}
    return {row.name: row[1:8] for row in found[name].rows}


class TestMailboxProviders:
    def test_have_the_domains_of_one_provider_together(self, task: Task) -> None:
        sent(task, "a@gmail.com", "clicked")
        sent(task, "b@googlemail.com", "bounced")
        sent(task, "c@163.com", "delivered")
        sent(task, "d@126.com", "opened")
        assert table(task, "mailboxes") == {
            "Gmail": (2, 2, 1, 1, 1, 1, 0),
            "NetEase": (2, 2, 2, 1, 0, 0, 0),
        }

    def test_have_other_domains_by_their_names(self, task: Task) -> None:
        sent(task, "a@example.com")
        assert list(table(task, "mailboxes")) == ["example.com"]

    def test_have_erased_recipients_together(self, task: Task) -> None:
        sent(task, "erased-1@erased.invalid")
        assert list(table(task, "mailboxes")) == ["Erased recipients"]

    def test_add_up_with_what_is_left_over(self, task: Task) -> None:
        for number in range(15):
            sent(task, f"a@d{number:02}.example.com")
        rows = table(task, "mailboxes")
        assert rows["All others"][0] == 3
        assert sum(row[0] for row in rows.values()) == 15

    def test_tell_none_from_what_was_never_reported(self, task: Task) -> None:
        task.track_opens, task.track_clicks = False, True
        sent(task, "a@gmail.com")
        (row,) = showing.tables(task, count(task, LATER))[0].rows
        assert row.cells == [(1, ""), (None, ""), (None, ""), (0, ""), (0, ""), (0, "")]

    def test_tell_what_was_reported_of_others(self, task: Task) -> None:
        task.track_opens = False
        sent(task, "a@gmail.com", "opened")
        sent(task, "b@163.com")
        gmail, netease = showing.tables(task, count(task, LATER))[0].rows
        assert gmail.cells[1:3] == [(1, "100.0\N{NO-BREAK SPACE}%")] * 2
        assert netease.cells[1:3] == [(0, ""), (0, "")]

    def test_leave_out_messages_of_other_campaigns(self, task: Task) -> None:
        sent(task, "a@gmail.com")
        sent(SendingTaskFactory(), "b@gmail.com")
        assert table(task, "mailboxes")["Gmail"][0] == 1


class TestServices:
    def test_have_their_share_and_the_newest_error(self, task: Task) -> None:
        north = EmailServiceFactory(name="North")
        sent(task, "a@example.com", service=north)
        for minutes, error in ((5, "newer"), (1, "older")):
            at = BEGAN + dt.timedelta(minutes=minutes)
            sent(
                task, f"{error}@example.com", "failed", service=north,
                failure_reason="rejected", failed_at=at, error=error,
            )  # fmt: skip
        (row,) = showing.tables(task, count(task, LATER))[1].rows
        assert (row.name, row.messages, row.sent, row.failed) == ("North", 3, 1, 2)
        assert row.error == "newer"

    def test_keep_no_words_of_an_error(self, task: Task) -> None:
        subtask = sent(
            task, "a@example.com", "failed", failure_reason="rejected", error="no ada@example.com"
        )
        data = count(task, LATER)
        assert "ada" not in str(data)
        SubTask.objects.filter(pk=subtask.pk).update(error="")
        assert showing.tables(task, data)[1].rows[0].error == ""


class TestVersions:
    def test_are_told_apart_where_there_are_several(self, task: Task) -> None:
        sent(task, "a@example.com", content=ContentFactory(task=task, subject="One"))
        german = ContentFactory(task=task, subject="Zwei", language="de")
        sent(task, "b@example.com", "opened", content=german)
        assert {name: row[3] for name, row in table(task, "variants").items()} == {
            "One": 0,
            "Zwei (de)": 1,
        }

    def test_leave_what_waits_for_the_test_to_none_of_them(self, task: Task) -> None:
        first = ContentFactory(task=task, subject="One")
        sent(task, "a@example.com", "opened", content=first)
        sent(task, "b@example.com", content=ContentFactory(task=task, subject="Two"))
        values = {"content": first, "service": None, "available_at": UNTIL_RELEASED}
        sent(task, "c@example.com", "pending", **values)
        assert {name: row[:2] for name, row in table(task, "variants").items()} == {
            "One": (1, 1),
            "Two": (1, 1),
            "Waits for the result of the A/B test": (1, 0),
        }

    def test_are_not_shown_where_there_is_one(self, task: Task) -> None:
        sent(task, "a@example.com")
        names = [each.name for each in showing.tables(task, count(task, LATER))]
        assert names == ["mailboxes", "services"]


class TestOverTime:
    def test_each_outcome_is_counted_when_it_came(self, task: Task) -> None:
        def at(minutes: int) -> dt.datetime:
            return BEGAN + dt.timedelta(minutes=minutes)

        sent(task, "a@example.com", "delivered", sent_at=at(1), delivered_at=at(7))
        sent(task, "b@example.com", "bounced", sent_at=at(2), bounced_at=at(119))
        data = count(task, LATER)
        assert data["step"] == 300
        assert len(data["outcomes"]["sent"]) == 25
        assert data["outcomes"]["sent"][0] == 2
        assert data["outcomes"]["delivered"][1] == 1
        assert data["outcomes"]["bounced"][23] == 1

    def test_what_was_cancelled_has_not_failed(self, task: Task) -> None:
        sent(task, "a@example.com", "failed", failure_reason="cancelled", failed_at=LATER)
        assert not any(count(task, LATER)["outcomes"]["failed"])

    def test_what_comes_long_after_the_end_is_in_the_last_step(self, task: Task) -> None:
        task.completed_at = LATER
        sent(task, "a@example.com", "delivered", delivered_at=BEGAN + dt.timedelta(days=99))
        outcomes = count(task, BEGAN + dt.timedelta(days=400))["outcomes"]
        assert len(outcomes["delivered"]) <= 48
        assert outcomes["delivered"][-1] == 1


class TestTheFirstDay:
    def test_has_people_and_machines_apart(self, task: Task) -> None:
        subtask = sent(task, "a@example.com", "clicked")
        happened(subtask, "opened", 10, actor="machine")
        happened(subtask, "opened", 70, actor="person")
        happened(subtask, "opened", 200, actor="person")
        happened(subtask, "clicked", 71, actor="person")
        day = count(task, LATER)["first_day"]
        assert day["opened:machine"][0] == 1
        assert day["opened:person"][:4] == [0, 1, 0, 0]
        assert day["clicked:person"][1] == 1
        assert not any(day["opened:proxy"])

    def test_has_nothing_of_the_second_day(self, task: Task) -> None:
        happened(sent(task, "a@example.com", "opened"), "opened", 25 * 60, actor="person")
        assert not any(count(task, LATER)["first_day"]["opened:person"])


def test_who_left_says_why(task: Task) -> None:
    first, second, third = (sent(task, f"{n}@example.com", "delivered") for n in "abc")
    happened(first, "unsubscribed", source="own pages", detail="Too many messages")
    happened(second, "unsubscribed", source="own pages")
    happened(third, "complained", source="postmark", detail="about ada@example.com")
    said = {(each.what, each.why): each.number for each in showing.left(count(task, LATER))}
    assert said == {
        ("Unsubscribed", "Too many messages"): 1,
        ("Unsubscribed", "no reason given"): 1,
        ("Reported as spam", "heard of by Postmark"): 1,
    }


class TestKeeping:
    def test_counts_a_small_campaign_at_once(self, task: Task) -> None:
        sent(task, "a@gmail.com")
        found = keeping.breakdown_of(task)
        assert found.data and found.data["mailboxes"][0][0] == "Gmail"
        assert not Breakdown.objects.exists()

    @pytest.fixture
    def big(self, task: Task, monkeypatch: pytest.MonkeyPatch) -> Task:
        monkeypatch.setattr(keeping, "AT_ONCE", 0)
        sent(task, "a@gmail.com")
        return task

    def test_has_the_cluster_count_a_big_one(self, big: Task) -> None:
        for _ in range(2):
            found = keeping.breakdown_of(big)
            assert (found.data, found.is_being_counted) == (None, True)
        job = BackgroundJob.objects.get()
        assert (job.kind, job.about) == ("breakdown", big.pk)
        keeping.count_and_keep(big.pk)
        assert not BackgroundJob.objects.exists()
        found = keeping.breakdown_of(big)
        assert found.data and not found.is_being_counted

    def age(self, **values: Any) -> None:
        Breakdown.objects.update(counted_at=timezone.now() - dt.timedelta(hours=1), **values)

    def test_counts_anew_what_has_changed(self, big: Task) -> None:
        keeping.count_and_keep(big.pk)
        sent(big, "b@gmail.com")
        assert not keeping.breakdown_of(big).is_being_counted  # counted a moment ago
        self.age()
        assert keeping.breakdown_of(big).is_being_counted
        keeping.count_and_keep(big.pk)
        found = keeping.breakdown_of(big)
        assert found.data and found.data["mailboxes"][0][1] == 2

    def test_does_not_count_anew_what_has_not_changed(self, big: Task) -> None:
        keeping.count_and_keep(big.pk)
        self.age()
        assert not keeping.breakdown_of(big).is_being_counted

    def test_of_a_costly_one_waits_longer(self, big: Task) -> None:
        keeping.count_and_keep(big.pk)
        sent(big, "b@gmail.com")
        self.age(seconds=200)
        assert not keeping.breakdown_of(big).is_being_counted

    def test_says_why_it_failed_and_does_not_insist(self, big: Task) -> None:
        keeping.breakdown_of(big)
        BackgroundJob.objects.update(set_aside_at=timezone.now(), reason="It took too long.")
        found = keeping.breakdown_of(big)
        assert (found.trouble, found.is_being_counted) == ("It took too long.", False)

    def test_takes_few_queries(
        self, big: Task, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        keeping.count_and_keep(big.pk)
        with django_assert_max_num_queries(3):
            keeping.breakdown_of(big)


class TestBesideEarlierCampaigns:
    def campaign(self, day: int, opened: int, **values: Any) -> Task:
        at = BEGAN + dt.timedelta(days=day)
        task = SendingTaskFactory(launched_at=at, **values)
        content, service = ContentFactory(task=task), EmailServiceFactory()
        for status, times in (("opened", opened), ("delivered", 20 - opened)):
            SubTaskFactory.create_batch(
                times, task=task, content=content, status=status, service=service
            )
        return task

    def test_each_counts_alike(self) -> None:
        owner = UserFactory()
        for day, opened in ((1, 2), (2, 6), (4, 20)):
            self.campaign(day, opened, owner=owner)
        self.campaign(1, 20)
        task = self.campaign(3, 10, owner=owner)
        EventTally.objects.create(
            task_id=task.pk, kind="unsubscribed", actor="person", events=2, recipients=1
        )
        compared = averages.compared(task)
        assert compared and compared.campaigns == 2
        rows = {row.name.partition(",")[0]: (row.own, row.usual) for row in compared.rows}
        assert rows["Opened"] == ("50.0\N{NO-BREAK SPACE}%", "20.0\N{NO-BREAK SPACE}%")
        assert rows["Delivered"] == ("100.0\N{NO-BREAK SPACE}%", "100.0\N{NO-BREAK SPACE}%")
        assert rows["Unsubscribed"] == ("5.0\N{NO-BREAK SPACE}%", "0.0\N{NO-BREAK SPACE}%")

    def test_what_is_not_known_is_not_said_to_be_none(self, task: Task) -> None:
        """No server reported, and nothing was recorded; the one before has opens."""
        self.campaign(-1, 5, owner=task.owner)
        Task.objects.filter(pk=task.pk).update(track_opens=False, track_clicks=False)
        task.refresh_from_db()
        for number in range(20):
            sent(task, f"{number}@example.com")
        compared = averages.compared(task)
        assert compared is not None
        rows = {row.name.partition(",")[0]: (row.own, row.usual) for row in compared.rows}
        assert rows["Delivered"] == ("–", "100.0\N{NO-BREAK SPACE}%")
        assert rows["Opened"] == ("–", "25.0\N{NO-BREAK SPACE}%")
        assert rows["Bounced"] == ("0.0\N{NO-BREAK SPACE}%", "0.0\N{NO-BREAK SPACE}%")

    def test_what_neither_knows_has_no_row(self, task: Task) -> None:
        earlier = SendingTaskFactory(owner=task.owner, launched_at=BEGAN - dt.timedelta(days=1))
        for number in range(20):
            sent(task, f"{number}@example.com")
            sent(earlier, f"{number}@example.org")
        compared = averages.compared(task)
        assert compared is not None
        assert "Delivered" not in {row.name.partition(",")[0] for row in compared.rows}

    def test_the_first_has_none(self) -> None:
        assert averages.compared(self.campaign(1, 5)) is None

    def test_tests_and_letters_do_not_count(self, task: Task) -> None:
        sent(SendingTaskFactory(owner=task.owner, launched_at=BEGAN), "a@example.com")
        assert averages.compared(self.campaign(1, 5, owner=task.owner)) is None
