"""How many bad requests, pages and changes of mind a network or a token has, and what stays open to all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns.models import SubTask, Suppression
from tests.databases import unreachable_database
from tests.dispatch.providers.webhook_posts import PAYLOADS, post, service_of
from tests.tracking.making import counted, from_launch
from tests.tracking.visiting import BROWSER, ask, path
from tracking import rate_limits, rejected_requests
from tracking.links.tokens import Purpose
from tracking.models import Allowance, Event, RejectedRequests

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("each_counts_at_once")]


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
