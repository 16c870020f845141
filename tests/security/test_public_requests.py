"""What strangers ask of the public addresses costs a bounded number of rows, whatever they ask."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from campaigns.models import SubTask, Suppression
from edm_project.web import health
from tests.concurrency import run_together, running
from tests.tracking.making import counted, now
from tests.tracking.visiting import APPLE, BROWSER, ask, path
from tracking import rejected_requests
from tracking.events import apply, repeats, visits
from tracking.links.tokens import Purpose
from tracking.models import Event, LinkTally, RejectedRequests, Repeat

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("each_counts_at_once")]


def age(seconds: int) -> None:
    """What was visited so far was visited so long ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tracking_event SET received_at = received_at - make_interval(secs => %s), "
            "dedupe_key = 'old ' || id",
            [seconds],
        )


class TestOneMessageFetchedAgainAndAgain:
    def test_costs_few_rows_and_counts_each_time(self, subtask: SubTask) -> None:
        ask(path(Purpose.OPEN, subtask.pk), 300)
        assert Event.objects.count() <= 3  # the windows that the test may fall into
        assert counted() == {("opened", "person"): (300, 1)}
        assert Repeat.objects.count() == 0

    def test_counts_what_comes_after_it_was_applied(self, subtask: SubTask) -> None:
        link = path(Purpose.CLICK, subtask.pk, *subtask.content.link_ids)
        for times in (1, 20, 30):
            ask(link, times)
            apply.apply_waiting()
        repeats.fold()
        assert counted() == {("clicked", "person"): (51, 1)}
        (tally,) = LinkTally.objects.all()
        assert (tally.clicks, tally.recipients) == (51, 1)
        assert sum(Event.objects.values_list("times", flat=True)) == 51

    def test_is_known_by_its_first_and_last_time(self, subtask: SubTask) -> None:
        ask(path(Purpose.OPEN, subtask.pk), 5)
        repeats.fold()
        event = Event.objects.latest("times")
        assert event.last_at is not None and event.last_at > event.received_at

    def test_keeps_one_user_agent_and_network(self, subtask: SubTask) -> None:
        for n in range(50):
            ask(path(Purpose.OPEN, subtask.pk), client=f"198.51.{n}.1", headers={"User-Agent": BROWSER + "x" * n})  # fmt: skip
        assert Event.objects.count() <= 3

    def test_by_people_proxies_and_machines_is_told_apart(self, subtask: SubTask) -> None:
        for agent in (BROWSER, APPLE, "curl/8"):
            ask(path(Purpose.OPEN, subtask.pk), 10, headers={"User-Agent": agent})
        assert counted() == {
            ("opened", "person"): (10, 1),
            ("opened", "proxy"): (10, 1),
            ("opened", "machine"): (10, 1),
        }

    def test_for_months_costs_a_bounded_number_of_rows(self, subtask: SubTask) -> None:
        for _ in range(visits.DAILY + 20):
            ask(path(Purpose.OPEN, subtask.pk))
            age(86_400)
        assert Event.objects.count() <= visits.DAILY

    def test_by_many_links_costs_a_bounded_number_of_rows(
        self, subtask: SubTask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(visits, "COUNT_SQL", visits.COUNT_SQL.replace(
            str(visits.MOST_OF_A_MESSAGE), "20"))  # fmt: skip
        link = path(Purpose.CLICK, subtask.pk, *subtask.content.link_ids)
        for _ in range(40):
            ask(link)
            age(60)
            Event.objects.update(url="https://elsewhere.example/")
        assert Event.objects.count() == 20

    def test_stops_being_written_when_it_was_a_thousand_times(self, subtask: SubTask) -> None:
        ask(path(Purpose.OPEN, subtask.pk))
        Event.objects.update(times=visits.MOST_TIMES)
        before = Event.objects.count()
        ask(path(Purpose.OPEN, subtask.pk), 20)
        assert Repeat.objects.count() + Event.objects.count() - before <= 2

    def test_hides_no_person_who_comes_after_a_scanner(self, subtask: SubTask) -> None:
        link = path(Purpose.CLICK, subtask.pk, *subtask.content.link_ids)
        ask(link, 30)
        apply.apply_waiting()
        Event.objects.update(actor="machine")
        age(60)
        SubTask.objects.update(status="sent")
        ask(link)
        apply.apply_waiting()
        assert now(subtask).status == "clicked"
        assert Event.objects.filter(actor="person").exists()

    def test_answers_as_it_would_once(self, subtask: SubTask) -> None:
        link = path(Purpose.CLICK, subtask.pk, *subtask.content.link_ids)
        assert set(ask(link, 200)) == {302}
        assert set(ask(path(Purpose.OPEN, subtask.pk), 200)) == {200}


@pytest.mark.django_db(transaction=True)
def test_visits_at_the_same_moment_are_all_counted(subtask: SubTask) -> None:
    url = path(Purpose.OPEN, subtask.pk)
    run_together(*[lambda: ask(url, 10)] * 4)
    assert counted() == {("opened", "person"): (40, 1)}


@pytest.mark.django_db(transaction=True)
def test_a_flood_on_one_message_does_not_wait_for_events_being_applied(subtask: SubTask) -> None:
    url = path(Purpose.OPEN, subtask.pk)
    ask(url)
    with transaction.atomic():
        apply.apply_chunk(10)
        (answers,) = run_together(lambda: ask(url, 20))
    assert set(answers) == {200}
    assert counted() == {("opened", "person"): (21, 1)}


class TestRefusedRequests:
    def test_are_counted_in_a_bounded_number_of_rows(self) -> None:
        for _ in range(200):
            rejected_requests.count("open", "token")
        assert RejectedRequests.objects.count() <= rejected_requests.SHARDS
        assert rejected_requests.totals() == {("open", "token"): 200}
        rejected_requests.fold()
        assert [row.count for row in RejectedRequests.objects.all()] == [200]

    def test_are_counted_whoever_folds_meanwhile(self) -> None:
        for _ in range(5):
            rejected_requests.count("open", "token", 3)
            rejected_requests.fold()
        rejected_requests.count("open", "token")
        assert rejected_requests.totals() == {("open", "token"): 16}


def test_many_probes_at_once_ask_the_database_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    looked, go_on = threading.Event(), threading.Event()

    def slow() -> dict[str, str]:
        asked.append(1)
        looked.set()
        assert go_on.wait(30)
        return {"database": "ok"}

    monkeypatch.setattr(health, "check_parts", lambda: {"database": "ok"})
    assert ask("/readyz") == [200]
    monkeypatch.setattr(health, "check_parts", slow)
    with running(lambda: ask("/readyz")) as first:
        assert looked.wait(30)
        assert ask("/readyz", 20) == [200] * 20
        go_on.set()
    assert first.result() == [200]
    assert len(asked) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "bot " * 16_000},
        {"Cookie": "a=b; " * 200_000},
        {"Cookie": "sessionid=" + "x" * 1_000_000},
        {"Accept-Language": "de;q=0.1," * 10_000},
        {"Accept-Language": "a-" * 30_000},
        {"X-Forwarded-For": "," * 60_000},
        {"Sec-Purpose": "prefetch;" * 7_000},
        {"Referer": "x" * 60_000},
    ],
    ids=lambda headers: f"{next(iter(headers))} {len(next(iter(headers.values())))}",
)
def test_long_headers_are_no_error_and_are_not_kept(
    subtask: SubTask, settings: Settings, headers: dict[str, str]
) -> None:
    settings.BEHIND_TLS_PROXY = True
    for url in (path(Purpose.OPEN, subtask.pk), path(Purpose.UNSUBSCRIBE, subtask.pk)):
        assert ask(url + "?" + "a=b&" * 10_000, headers=headers) == [200]
    assert len(Event.objects.get().user_agent) <= 500


def test_a_form_of_unsubscribing_is_obeyed_in_either_encoding(subtask: SubTask) -> None:
    boundary = (
        b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--'
    )
    for body, kind in (
        (b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (boundary, "multipart/form-data; boundary=b"),
    ):
        Suppression.objects.all().delete()
        answer = Client().post(path(Purpose.UNSUBSCRIBE, subtask.pk), body, content_type=kind)
        assert answer.status_code == 200
        assert Suppression.objects.exists()
