from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns.models import SubTask
from tests.concurrency import second_connection
from tests.tracking.making import from_launch, frozen, now, sent
from tests.tracking.visiting import APPLE, BROWSER, get, path, stranger
from tracking.events import apply, inbox, repeats
from tracking.events.scanners import TRAP_DETAIL
from tracking.links import destinations
from tracking.links.tokens import Purpose
from tracking.models import Event, Link, RejectedRequests
from tracking.views.visits import PIXEL

pytestmark = pytest.mark.django_db


@pytest.fixture
def subtask() -> SubTask:
    return from_launch(frozen('<a href="https://example.com/a?b=1&amp;c=2">x</a>'))


@pytest.fixture
def link(subtask: SubTask) -> str:
    return path(Purpose.CLICK, subtask.pk, *subtask.content.link_ids)


def told() -> list[tuple[str, str]]:
    return list(Event.objects.order_by("pk").values_list("kind", "actor"))


def times() -> int:
    """How many visits have been counted, applied or not."""
    repeats.fold()
    return sum(Event.objects.values_list("times", flat=True))


class TestThePixel:
    def test_is_a_tiny_image_that_nobody_keeps(self, subtask: SubTask) -> None:
        response = get(path(Purpose.OPEN, subtask.pk))
        assert (response.status_code, response.content) == (200, PIXEL)
        assert PIXEL.startswith(b"GIF89a\1\0\1\0")  # one pixel by one
        assert response["Content-Type"] == "image/gif"
        assert response["Cache-Control"] == "no-store"

    def test_records_an_open_in_one_statement(
        self, subtask: SubTask, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(1):
            get(path(Purpose.OPEN, subtask.pk))
        assert told() == [("opened", "person")]
        apply.apply_waiting()
        assert now(subtask).status == "opened"

    def test_each_request_is_counted(self, subtask: SubTask) -> None:
        for _ in range(3):
            get(path(Purpose.OPEN, subtask.pk))
        assert times() == 3

    @pytest.mark.parametrize("token", ["x", "A" * 24, "A" * 500])
    def test_looks_the_same_when_the_token_is_wrong(self, token: str) -> None:
        response = get(f"/o/{token}")
        assert (response.status_code, response.content) == (200, PIXEL)
        assert told() == []

    def test_keeps_a_network_and_a_user_agent(self, subtask: SubTask) -> None:
        stranger().get(path(Purpose.OPEN, subtask.pk), REMOTE_ADDR="203.0.113.77")
        row = Event.objects.get()
        assert (row.ip_address, row.user_agent) == ("203.0.113.0", BROWSER)

    def test_behind_a_proxy_goes_by_what_the_proxy_saw(
        self, subtask: SubTask, settings: Settings
    ) -> None:
        settings.BEHIND_TLS_PROXY = True
        header = {"X-Forwarded-For": "198.51.100.1, 203.0.113.77"}
        get(path(Purpose.OPEN, subtask.pk), **header)
        assert Event.objects.get().ip_address == "203.0.113.0"

    def test_without_a_proxy_believes_no_header(self, subtask: SubTask) -> None:
        get(path(Purpose.OPEN, subtask.pk), **{"X-Forwarded-For": "203.0.113.77"})
        assert Event.objects.get().ip_address == "127.0.0.0"


class TestAClick:
    def test_leads_on_without_telling_where_from(self, link: str) -> None:
        response = get(link)
        assert response.status_code == 302
        assert response["Location"] == "https://example.com/a?b=1&c=2"
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"

    def test_is_recorded_in_one_statement_once_the_destination_is_known(
        self, subtask: SubTask, link: str, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        get(link)
        with django_assert_num_queries(1):
            get(link)
        assert times() == 2
        apply.apply_waiting()
        assert now(subtask).status == "clicked"
        assert Event.objects.earliest("pk").url == "https://example.com/a?b=1&c=2"

    @pytest.mark.parametrize(
        ("href", "location"),
        [
            ("https://example.com/产品?颜色=红", "https://example.com/%E4%BA%A7%E5%93%81?%E9%A2%9C%E8%89%B2=%E7%BA%A2"),
            ("https://example.com/s%20pring", "https://example.com/s%20pring"),
            ("https://example.com/a b|c", "https://example.com/a%20b%7Cc"),
            ("HTTPS://EXAMPLE.COM/UPPER", "HTTPS://EXAMPLE.COM/UPPER"),
            ("https://例え.jp/产", "https://xn--r8jz45g.jp/%E4%BA%A7"),
            ("https://bücher@BÜCHER.example:8443?ü", "https://b%C3%BCcher@xn--bcher-kva.example:8443?%C3%BC"),
            ("https://" + "ü" * 80 + ".example/", "https://" + "%C3%BC" * 80 + ".example/"),
            ("https://example.com/" + "x" * 3000, "https://example.com/" + "x" * 3000),
        ],
    )  # fmt: skip
    def test_leads_to_every_kind_of_address(self, href: str, location: str) -> None:
        subtask = from_launch(frozen(f'<a href="{href}">x</a>'))
        link = path(Purpose.CLICK, subtask.pk, *subtask.content.link_ids)
        assert get(link)["Location"] == location

    def test_leads_each_to_their_own_page(self) -> None:
        made = frozen('<a href="https://example.com/?who={{ email }}">x</a>')
        subtask = from_launch(made, variables={"email": "a&b@example.com"})
        link = path(Purpose.CLICK, subtask.pk, *made.link_ids)
        assert get(link)["Location"] == "https://example.com/?who=a&b@example.com"

    def test_keeps_no_personal_address(self) -> None:
        made = frozen('<a href="https://example.com/?who={{ email }}">x</a>')
        subtask = from_launch(made, variables={"email": "a&b@example.com"})
        get(path(Purpose.CLICK, subtask.pk, *made.link_ids))
        assert Event.objects.get().url == "https://example.com/?who={{ email }}"

    def test_of_a_person_who_is_no_more_leads_nowhere(self) -> None:
        made = frozen('<a href="https://example.com/?who={{ email }}">x</a>')
        response = get(path(Purpose.CLICK, 10**9, *made.link_ids))
        assert response.status_code == 404
        assert told() == []

    def test_goes_nowhere_else_whatever_is_asked_for(self, link: str) -> None:
        for query in ("?url=https://evil.example", "?next=//evil.example"):
            assert get(link + query)["Location"] == "https://example.com/a?b=1&c=2"
        assert get(link + "/https://evil.example").status_code == 404

    def test_on_the_hidden_link_is_a_machines_and_leads_nowhere(self, subtask: SubTask) -> None:
        response = get(path(Purpose.CLICK, subtask.pk, 0))
        assert response.status_code == 404
        assert told() == [("clicked", "machine")]
        assert Event.objects.get().detail == TRAP_DETAIL

    def test_a_link_that_is_missing_is_looked_for_again(self, subtask: SubTask) -> None:
        missing = Link.objects.latest("pk").pk + 1
        link = path(Purpose.CLICK, subtask.pk, missing)
        assert get(link).status_code == 404
        Link.objects.create(pk=missing, content=subtask.content, position=9, destination="https://b/")  # fmt: skip
        assert get(link)["Location"] == "https://b/"


@pytest.mark.parametrize(
    ("headers", "actor"),
    [
        ({}, "person"),
        ({"User-Agent": APPLE}, "proxy"),
        ({"User-Agent": "x (via ggpht.com GoogleImageProxy)"}, "proxy"),
        ({"User-Agent": "curl/8.7.1"}, "machine"),
        ({"User-Agent": ""}, "machine"),
        ({"Sec-Purpose": "prefetch;prerender"}, "machine"),
        ({"Purpose": "prefetch"}, "machine"),
    ],
)
def test_machines_and_proxies_are_told_from_people(
    subtask: SubTask, link: str, headers: dict[str, str], actor: str
) -> None:
    get(path(Purpose.OPEN, subtask.pk), **headers)
    get(link, **headers)
    assert told() == [("opened", actor), ("clicked", actor)]


def test_head_is_a_machines_and_is_answered_alike(subtask: SubTask, link: str) -> None:
    assert stranger().head(path(Purpose.OPEN, subtask.pk)).status_code == 200
    assert stranger().head(link)["Location"] == "https://example.com/a?b=1&c=2"
    assert told() == [("opened", "machine"), ("clicked", "machine")]


def test_a_click_leads_on_even_when_it_cannot_be_written_down(
    link: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(events: object) -> None:
        raise OperationalError("the database is gone")

    get(link)
    monkeypatch.setattr(inbox, "accept", fail)
    assert get(link).status_code == 302
    assert "lost that SubTask" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_click_on_a_connection_that_died_is_recorded_on_a_new_one(link: str) -> None:
    get(link)
    with connection.cursor() as cursor, second_connection() as other:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
        with other.cursor() as killer:
            killer.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert get(link).status_code == 302
    assert times() == 2


def test_a_slash_at_the_end_changes_nothing(link: str) -> None:
    assert get(link + "/").status_code == 302


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_other_methods_are_refused_and_counted(subtask: SubTask, link: str, method: str) -> None:
    for url in (path(Purpose.OPEN, subtask.pk), link):
        assert getattr(stranger(), method)(url).status_code == 405
    assert told() == []
    assert RejectedRequests.objects.filter(reason="method").count() == 2


def test_destinations_are_read_once(
    link: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    destinations._link.cache_clear()
    with django_assert_num_queries(2):
        get(link)
    with django_assert_num_queries(1):
        get(link)


def test_an_open_of_a_subtask_that_was_never_sent_moves_nothing() -> None:
    subtask = sent("pending", service=None)
    get(path(Purpose.OPEN, subtask.pk))
    apply.apply_waiting()
    assert now(subtask).status == "pending"
