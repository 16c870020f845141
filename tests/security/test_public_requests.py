"""What strangers ask of the public addresses costs a bounded number of rows, whatever they ask."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns.models import SubTask, Suppression
from edm_project.web import health
from tests.concurrency import run_together, running
from tests.databases import unreachable_database
from tests.dispatch.providers.webhook_posts import PAYLOADS, post, service_of
from tests.tracking.making import from_launch, frozen, now
from tests.tracking.visiting import APPLE, BROWSER, path
from tracking import rate_limits, rejected_requests
from tracking.events import apply, repeats, visits
from tracking.links.tokens import Purpose
from tracking.models import Allowance, Event, EventTally, LinkTally, RejectedRequests, Repeat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def each_counts_at_once(settings: Settings) -> None:
    settings.SCANNER_SECONDS = 0
    rejected_requests._later.take()  # what tests before this one have left


@pytest.fixture
def subtask() -> SubTask:
    return from_launch(frozen('<a href="https://example.com/a">x</a>', track_opens=True))


def ask(
    url: str, times: int = 1, client: str = "203.0.113.7", headers: dict[str, str] | None = None
) -> list[int]:
    browser = Client(headers={"User-Agent": BROWSER, **(headers or {})}, REMOTE_ADDR=client)
    return [browser.get(url).status_code for _ in range(times)]


def age(seconds: int) -> None:
    """What was visited so far was visited so long ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tracking_event SET received_at = received_at - make_interval(secs => %s), "
            "dedupe_key = 'old ' || id",
            [seconds],
        )


def counted() -> dict[tuple[str, str], tuple[int, int]]:
    apply.apply_waiting()
    return {(t.kind, t.actor): (t.events, t.recipients) for t in EventTally.objects.all()}


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


FORGED = "A" * 24
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def ten_bad_requests(settings: Settings) -> Iterator[None]:
    settings.BAD_REQUESTS_PER_MINUTE = 10
    settings.PAGES_PER_MINUTE = 5
    settings.RESUBSCRIPTIONS_PER_HOUR = 3
    rate_limits.used_up.forget()
    yield
    rate_limits.used_up.forget()


def send(url: str, data: Any = None, client: str = "203.0.113.7") -> Any:
    return Client(headers={"User-Agent": BROWSER}, REMOTE_ADDR=client).post(url, data)


def get(url: str, client: str = "203.0.113.7") -> Any:
    return Client(headers={"User-Agent": BROWSER}, REMOTE_ADDR=client).get(url)


@pytest.mark.usefixtures("ten_bad_requests")
class TestBadRequestsOfOneNetwork:
    @pytest.mark.parametrize("page", ["c", "w", "u", "p"])
    def test_are_answered_with_429_when_there_are_too_many(self, page: str) -> None:
        assert ask(f"/{page}/{FORGED}", 15) == [404] * 10 + [429] * 5
        answer = get(f"/{page}/{FORGED}")
        assert 0 < int(answer["Retry-After"]) <= 60
        assert "too often" in answer.text

    def test_cost_few_rows_and_are_all_counted(self) -> None:
        for n in range(1000):
            get(f"/o/{n:024}")
        rejected_requests.count("click", "token")
        counted = rejected_requests.totals()
        assert counted["open", "token"] == 10
        assert counted["open", "limit"] == 990
        assert RejectedRequests.objects.count() <= 3 * rejected_requests.SHARDS
        assert Allowance.objects.count() == 1
        assert not Event.objects.exists()

    def test_cost_the_database_nothing_once_there_are_too_many(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        ask(f"/u/{FORGED}", 12)
        with django_assert_num_queries(0):
            assert ask(f"/w/{FORGED}", 20) == [429] * 20

    def test_are_those_of_all_its_addresses(self) -> None:
        for n in range(10):
            get(f"/u/{FORGED}", f"203.0.113.{n}")
        assert get(f"/u/{FORGED}", "203.0.113.77").status_code == 429
        assert get(f"/u/{FORGED}", "203.0.114.77").status_code == 404

    def test_of_ipv6_are_those_of_a_site(self) -> None:
        for n in range(10):
            get(f"/u/{FORGED}", f"2001:db8:7:{n:x}::1")
        assert get(f"/u/{FORGED}", "2001:db8:7:ffff::1").status_code == 429
        assert get(f"/u/{FORGED}", "2001:db8:8::1").status_code == 404

    def test_are_allowed_again_after_a_minute(self) -> None:
        ask(f"/u/{FORGED}", 11)
        rate_limits.used_up.forget()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE tracking_allowance SET since = since - interval '61 s'")
        assert ask(f"/u/{FORGED}", 11) == [404] * 10 + [429]

    def test_are_known_to_the_other_processes(self) -> None:
        ask(f"/u/{FORGED}", 10)
        rate_limits.used_up.forget()  # as one that has seen none of them
        assert ask(f"/u/{FORGED}") == [429]

    def test_leave_a_bounded_number_of_rows_however_many_networks_there_are(self) -> None:
        buckets = {
            rate_limits.BAD_REQUESTS.bucket(f"10.{n // 256}.{n % 256}.0") for n in range(5000)
        }
        assert all(0 <= bucket < rate_limits.BUCKETS for bucket in buckets)
        assert len(buckets) > 4000

    def test_the_pixel_is_an_image_all_the_same(self) -> None:
        assert ask(f"/o/{FORGED}", 15) == [200] * 15

    def test_keep_no_good_request_out(self, subtask: SubTask) -> None:
        ask(f"/u/{FORGED}", 20)
        link = path(Purpose.CLICK, subtask.pk, *subtask.content.link_ids)
        assert ask(link, 30) == [302] * 30
        assert ask(path(Purpose.UNSUBSCRIBE, subtask.pk)) == [200]
        assert ask(path(Purpose.WEB_VIEW, subtask.pk)) == [200]
        assert counted()["clicked", "person"] == (30, 1)

    def test_keep_nobody_from_unsubscribing_by_one_click(self, subtask: SubTask) -> None:
        ask(f"/u/{FORGED}", 20)
        ask(path(Purpose.UNSUBSCRIBE, subtask.pk), 20)
        answer = send(path(Purpose.UNSUBSCRIBE, subtask.pk), ONE_CLICK)
        assert answer.status_code == 200
        assert Suppression.objects.get().reason == "unsubscribed"

    def test_a_thousand_one_clicks_of_one_mailbox_provider_are_all_obeyed(
        self, subtask: SubTask
    ) -> None:
        people = [subtask, *(from_launch(subtask.content) for _ in range(40))]
        answers = {
            send(path(Purpose.UNSUBSCRIBE, each.pk), ONE_CLICK).status_code for each in people
        }
        assert answers == {200}
        assert Suppression.objects.count() == 41

    def test_behind_a_proxy_go_by_the_address_that_it_saw(self, settings: Settings) -> None:
        settings.BEHIND_TLS_PROXY = True
        for n in range(12):
            ask(f"/u/{FORGED}", headers={"X-Forwarded-For": f"198.51.{n}.1, 203.0.113.9"})
        assert ask(f"/u/{FORGED}", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}) == [
            429
        ]
        assert ask(f"/u/{FORGED}", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.1"}) == [
            404
        ]

    def test_without_a_proxy_cannot_hide_behind_a_header(self) -> None:
        for n in range(12):
            ask(f"/u/{FORGED}", headers={"X-Forwarded-For": f"198.51.{n}.1"})
        assert ask(f"/u/{FORGED}", headers={"X-Forwarded-For": "198.51.100.1"}) == [429]


@pytest.mark.usefixtures("ten_bad_requests")
class TestBadPostsOfOneNetwork:
    def test_to_webhooks_are_answered_with_429(self) -> None:
        url = "/hooks/brevo/" + "A" * 43 + "/"
        answers = [send(url).status_code for _ in range(15)]
        assert answers == [401] * 10 + [429] * 5
        assert int(send(url)["Retry-After"]) > 0

    def test_are_logged_as_often_as_they_are_allowed(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        for _ in range(50):
            send("/hooks/brevo/" + "A" * 43 + "/")
        assert len([record for record in caplog.records if "refused" in record.message]) == 10

    def test_keep_out_nothing_that_a_provider_tells_from_the_same_network(
        self, subtask: SubTask
    ) -> None:
        service = service_of("brevo")
        body = PAYLOADS["brevo"][0]["body"]
        assert {post(service, body, sign=False).status_code for _ in range(12)} == {401, 429}
        assert post(service, body).status_code == 200


@pytest.mark.usefixtures("ten_bad_requests")
class TestOneToken:
    @pytest.mark.parametrize(
        "purpose", [Purpose.WEB_VIEW, Purpose.UNSUBSCRIBE, Purpose.PREFERENCES]
    )
    def test_shows_its_page_so_many_times_a_minute(
        self, subtask: SubTask, purpose: Purpose
    ) -> None:
        assert ask(path(purpose, subtask.pk), 8) == [200] * 5 + [429] * 3

    def test_does_not_use_up_what_others_have(self, subtask: SubTask) -> None:
        other = from_launch(subtask.content)
        ask(path(Purpose.WEB_VIEW, subtask.pk), 8)
        assert ask(path(Purpose.WEB_VIEW, other.pk)) == [200]
        assert ask(path(Purpose.UNSUBSCRIBE, subtask.pk)) == [200]

    def test_changes_its_mind_so_many_times_an_hour(self, subtask: SubTask) -> None:
        url = path(Purpose.PREFERENCES, subtask.pk)
        answers = []
        for _ in range(6):
            send(url, {"choice": "unsubscribe"})
            answers.append(send(url, {"choice": "subscribe"}).status_code)
        assert answers == [200] * 3 + [429] * 3
        assert Suppression.objects.get().reason == "unsubscribed"
        assert Event.objects.count() == 7

    def test_is_obeyed_when_it_unsubscribes_however_often_it_was_shown(
        self, subtask: SubTask
    ) -> None:
        url = path(Purpose.PREFERENCES, subtask.pk)
        ask(url, 10)
        assert send(url, {"choice": "unsubscribe"}).status_code == 200
        assert Suppression.objects.exists()


@pytest.mark.usefixtures("ten_bad_requests")
def test_nobody_is_limited_while_the_database_is_away(caplog: pytest.LogCaptureFixture) -> None:
    with unreachable_database():
        assert set(ask(f"/c/{FORGED}", 12)) == {404}
        assert set(ask(f"/o/{FORGED}", 12)) == {200}


def test_what_is_limited_can_be_told_from_the_settings(settings: Settings) -> None:
    settings.BAD_REQUESTS_PER_MINUTE = 0
    assert set(ask(f"/u/{FORGED}", 100)) == {404}
    assert not Allowance.objects.exists()


def test_many_probes_at_once_ask_the_database_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    looked, go_on = threading.Event(), threading.Event()

    def slow() -> dict[str, str]:
        asked.append(1)
        looked.set()
        assert go_on.wait(30)
        return {"database": "ok"}

    monkeypatch.setattr(health, "check_parts", lambda: {"database": "ok"})
    assert get("/readyz").status_code == 200
    monkeypatch.setattr(health, "check_parts", slow)
    with running(lambda: get("/readyz").status_code) as first:
        assert looked.wait(30)
        assert [get("/readyz").status_code for _ in range(20)] == [200] * 20
        go_on.set()
    assert first.result() == 200
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
