from __future__ import annotations

import base64
import hashlib
import re

import pytest
from django.test import override_settings

from campaigns.models import SubTask, Suppression
from campaigns.models.contacts import SuppressionReason
from tests.texts import group
from tests.tracking.making import now, sent, tell
from tests.tracking.visiting import get, path, post, stranger
from tracking.event_kinds import EventKind
from tracking.events import apply
from tracking.links.tokens import Purpose
from tracking.models import Event, EventTally

pytestmark = pytest.mark.django_db

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def subtask() -> SubTask:
    return sent(recipient_email="ann@example.com")


@pytest.fixture
def url(subtask: SubTask) -> str:
    return path(Purpose.UNSUBSCRIBE, subtask.pk)


@pytest.fixture
def preferences(subtask: SubTask) -> str:
    return path(Purpose.PREFERENCES, subtask.pk)


def is_suppressed() -> bool:
    return Suppression.objects.filter(email="ann@example.com", reason="unsubscribed").exists()


def kinds() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


class TestOneClick:
    """As RFC 8058 wants it."""

    def test_a_form_unsubscribes(self, url: str) -> None:
        response = post(url, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")  # fmt: skip
        assert response.status_code == 200
        assert is_suppressed()

    def test_a_multipart_form_unsubscribes(self, url: str) -> None:
        assert post(url, ONE_CLICK).status_code == 200
        assert is_suppressed()

    @pytest.mark.parametrize("charset", ["us-ascii", "ISO-8859-1", "utf-8", "nonsense"])
    def test_whatever_charset_the_sender_claims(self, url: str, charset: str) -> None:
        kind = f"application/x-www-form-urlencoded; charset={charset}"
        response = stranger().generic("POST", url, b"List-Unsubscribe=One-Click", content_type=kind)
        assert response.status_code == 200
        assert is_suppressed()

    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("application/x-www-form-urlencoded", b""),
            ("application/x-www-form-urlencoded", b"list-unsubscribe=one-click"),
            ("application/x-www-form-urlencoded", b"List-Unsubscribe%3DOne-Click"),
            ("application/x-www-form-urlencoded", b"x=y"),
            ("application/json", b'{"List-Unsubscribe": "One-Click"}'),
            ("text/plain", b"List-Unsubscribe=One-Click"),
            ("multipart/form-data", b"List-Unsubscribe=One-Click"),
            ("multipart/form-data; boundary=b", b"--b cut"),
            ("", b""),
        ],
    )
    def test_whatever_form_the_mail_program_gives_it(
        self, url: str, kind: str, body: bytes
    ) -> None:
        assert stranger().generic("POST", url, body, content_type=kind).status_code == 200
        assert is_suppressed()

    @pytest.mark.parametrize(
        "body",
        [
            b"List-Unsubscribe=One-Click&x=" + b"y" * 100_000,
            b"&".join(b"x%d=y" % n for n in range(5_000)),
        ],
    )
    def test_a_body_that_is_too_large_to_be_read_unsubscribes_like_none(
        self, url: str, body: bytes
    ) -> None:
        kind = "application/x-www-form-urlencoded"
        assert stranger().generic("POST", url, body, content_type=kind).status_code == 200
        assert is_suppressed()

    @pytest.mark.parametrize("behind", [".", ">", ")", "%3E.", '"', "。", "./"])
    def test_what_stood_behind_the_address_in_a_text_does_no_harm(
        self, url: str, behind: str
    ) -> None:
        assert stranger().post(url + behind).status_code == 200
        assert is_suppressed()

    def test_needs_no_cookie_and_no_token_against_forgery(self, url: str) -> None:
        client = stranger()
        assert client.post(url, ONE_CLICK).status_code == 200
        assert not client.cookies

    def test_holds_at_once_and_is_told_to_the_task(self, url: str, subtask: SubTask) -> None:
        post(url, ONE_CLICK)
        assert is_suppressed()
        apply.apply_waiting()
        assert EventTally.objects.get().kind == "unsubscribed"
        assert now(subtask).status == "delivered"

    def test_twice_is_once(self, url: str) -> None:
        for _ in range(3):
            assert post(url, ONE_CLICK).status_code == 200
        assert kinds() == ["unsubscribed"]
        assert Suppression.objects.count() == 1

    @pytest.mark.parametrize("slash", ["", "/"])
    @override_settings(SECURE_SSL_REDIRECT=True)
    def test_is_never_redirected_not_even_to_https(self, url: str, slash: str) -> None:
        assert post(url + slash, ONE_CLICK).status_code == 200
        assert is_suppressed()

    def test_of_an_address_that_bounced_changes_nothing(self, url: str) -> None:
        Suppression.objects.create(email="ann@example.com", reason="hard_bounce", source="x")
        assert post(url, ONE_CLICK).status_code == 200
        assert Suppression.objects.get().reason == "hard_bounce"


class TestThePage:
    def test_asks_and_unsubscribes_nobody(self, url: str) -> None:
        response = get(url)
        assert response.status_code == 200
        assert '<form method="post">' in response.content.decode()
        assert not is_suppressed()
        assert kinds() == []

    def test_head_unsubscribes_nobody_either(self, url: str) -> None:
        assert stranger().head(url).status_code == 200
        assert not is_suppressed()

    def test_shows_enough_of_the_address_to_know_it(self, url: str) -> None:
        text = get(url).content.decode()
        assert "a…@example.com" in text
        assert "ann@example.com" not in text

    def test_confirmed_it_unsubscribes(self, url: str) -> None:
        response = post(url, {})
        assert response.status_code == 200
        assert "You are unsubscribed" in response.content.decode()
        assert is_suppressed()

    def test_asks_nobody_again_who_is_unsubscribed(self, url: str) -> None:
        post(url, ONE_CLICK)
        text = get(url).content.decode()
        assert "You are unsubscribed" in text
        assert "Subscribe again" in text

    def test_keeps_the_reason_that_is_given(self, url: str) -> None:
        post(url, {"reason": "too_often"})
        assert Event.objects.get().detail == "Too many messages"

    def test_keeps_it_in_the_language_of_the_site(self, url: str) -> None:
        stranger(**{"Accept-Language": "de"}).post(url, {"reason": "too_often"})
        assert Event.objects.get().detail == "Too many messages"

    @pytest.mark.parametrize("reason", ["", "nonsense", "<script>", "\x00", "x" * 5000])
    def test_takes_no_other_reason(self, url: str, reason: str) -> None:
        assert post(url, {"reason": reason}).status_code == 200
        assert Event.objects.get().detail == ""

    @pytest.mark.parametrize(
        ("language", "heading"),
        [
            ("en", "Do you want to unsubscribe?"),
            ("de", "Möchten Sie sich abmelden?"),
            ("zh-CN,zh;q=0.9", "确定要退订吗？"),
            ("fr", "Do you want to unsubscribe?"),
        ],
    )
    def test_speaks_the_readers_language(self, url: str, language: str, heading: str) -> None:
        response = get(url, **{"Accept-Language": language})
        assert heading in response.content.decode()

    def test_is_safe_from_scripts_frames_and_search_engines(self, url: str) -> None:
        response = get(url)
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["X-Robots-Tag"] == "noindex"
        assert response["Cache-Control"] == "no-store"
        assert "<script" not in response.content.decode()

    def test_its_style_is_what_the_policy_allows(self, url: str) -> None:
        response = get(url)
        style = group(r"<style>(.*?)</style>", response.content.decode(), re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in response["Content-Security-Policy"]
        assert 'style="' not in response.content.decode()


class TestChangingOnesMind:
    def test_the_way_back_is_on_the_page(self, url: str) -> None:
        page = post(url, {}).content.decode()
        back = group(r'action="(/p/[\w-]+)"', page)
        response = post(back, {"choice": "subscribe"})
        assert "You are subscribed" in response.content.decode()
        assert not is_suppressed()
        assert kinds() == ["unsubscribed", "resubscribed"]

    def test_what_the_cluster_does_later_does_not_undo_it(self, url: str, preferences: str) -> None:
        post(url, {})
        post(preferences, {"choice": "subscribe"})
        apply.apply_waiting()
        assert not is_suppressed()
        post(url, {})
        apply.apply_waiting()
        assert is_suppressed()

    def test_each_change_is_told(self, url: str, preferences: str) -> None:
        for _ in range(2):
            post(url, {})
            post(preferences, {"choice": "subscribe"})
        assert kinds() == ["unsubscribed", "resubscribed"] * 2

    def test_asking_to_be_subscribed_while_one_is_changes_nothing(self, preferences: str) -> None:
        assert post(preferences, {"choice": "subscribe"}).status_code == 200
        assert kinds() == []

    def test_get_changes_nothing(self, url: str, preferences: str) -> None:
        post(url, {})
        assert "You get no messages" in get(preferences).content.decode()
        assert is_suppressed()

    def test_one_can_unsubscribe_there_too(self, preferences: str) -> None:
        assert (
            "You get no messages" in post(preferences, {"choice": "unsubscribe"}).content.decode()
        )
        assert is_suppressed()

    @pytest.mark.parametrize("reason", [r for r in SuppressionReason if r != "unsubscribed"])
    def test_only_staff_lift_other_reasons(
        self, preferences: str, reason: SuppressionReason
    ) -> None:
        Suppression.objects.create(email="ann@example.com", reason=reason)
        page = post(preferences, {"choice": "subscribe"}).content.decode()
        assert "came back" in page
        assert "<form" not in page
        assert Suppression.objects.get().reason == reason

    def test_nobody_is_told_to_be_subscribed_whose_domain_is_on_the_list(
        self, url: str, preferences: str
    ) -> None:
        Suppression.objects.create(email="@example.com", reason="unsubscribed")
        post(url, {})
        page = post(preferences, {"choice": "subscribe"}).content.decode()
        assert "You get no messages" in page
        assert "<form" not in page

    def test_a_complaint_after_the_unsubscribe_cannot_be_lifted(
        self, url: str, preferences: str, subtask: SubTask
    ) -> None:
        post(url, {})
        tell(EventKind.COMPLAINED, subtask)
        post(preferences, {"choice": "subscribe"})
        assert Suppression.objects.get().reason == "complaint"


@pytest.mark.parametrize("purpose", [Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.WEB_VIEW])
def test_wrong_and_unknown_look_alike(purpose: Purpose) -> None:
    unknown = get(path(purpose, 10**9))
    wrong = get(path(purpose, 10**9)[:-1] + "!")
    assert (unknown.status_code, wrong.status_code) == (404, 404)
    assert unknown.content == wrong.content
    assert dict(unknown.headers) == dict(wrong.headers)
