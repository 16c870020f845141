"""Webhooks: signed as Standard Webhooks says, to public addresses only, and no answer harms."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db.models.functions import Now
from pytest_django import Settings

from dispatch import network
from dispatch.encryption import encrypt
from notices import choices, sending, webhooks
from notices.models import Choice, Delivery
from notices.webhooks import NotDelivered
from tests.dispatch.providers.certificates import self_signed
from tests.http_server import Answer, HttpServer, closed_port
from tests.notices.telling import LONG_AGO, ada, make_due, note

# The example that the reference implementations of Standard Webhooks test themselves with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EXAMPLE = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def choose(url: str, **values: object) -> Choice:
    """Ada is told by webhook alone."""
    chosen = {"mail": "never", "webhook_url": url, "webhook_secret": encrypt({"secret": SECRET})}
    return Choice.objects.create(user=ada(), **{**chosen, **values})


def deliver(url: str, **values: object) -> Delivery:
    """A notice, after one attempt."""
    choice = choose(url, **values)
    note(choice.user)
    sending.send_due(0)
    return Delivery.objects.get(channel="webhook")


class TestSignature:
    def test_the_published_example_gets_the_published_signature(self) -> None:
        assert webhooks.sign(SECRET, *EXAMPLE) == SIGNATURE

    def test_a_new_secret_has_256_bits(self) -> None:
        first, second = webhooks.new_secret(), webhooks.new_secret()
        assert first != second and first.startswith("whsec_") and len(first) == 6 + 44


class TestRequest:
    def test_a_notice_arrives_signed(self, server: HttpServer) -> None:
        assert deliver(f"{server.url}hook?a=1").state == "sent"
        [request] = server.requests
        headers = request.headers
        at = int(headers["webhook-timestamp"])
        signed = webhooks.sign(SECRET, headers["webhook-id"], at, request.body)
        assert headers["webhook-signature"] == signed and abs(time.time() - at) < 600
        assert (request.method, request.path, request.query) == ("POST", "/hook", {"a": ["1"]})
        assert headers["content-type"] == "application/json"

    def test_says_what_happened(self, server: HttpServer) -> None:
        deliver(server.url)
        assert server.requests[0].json == {
            "type": "campaign.finished",
            "timestamp": "2026-03-01T23:30:00Z",
            "data": {
                "name": "Spring",
                "text": "Campaign “Spring” is finished",
                "url": "http://localhost:8000/admin/campaigns/task/1/change/",
            },
        }

    def test_a_repetition_has_the_same_id(self, server: HttpServer) -> None:
        server.answers.append(Answer(status=503))
        row = deliver(server.url)
        assert (row.state, row.why, row.said) == ("waiting", "answer", "503")
        make_due()
        sending.send_due(0)
        assert Delivery.objects.get().state == "sent"
        first, second = (request.headers["webhook-id"] for request in server.requests)
        assert first == second == f"msg_{row.uid.hex}"

    def test_goes_by_tls_to_who_has_a_trusted_certificate(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        certificate = self_signed("localhost", tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "localhost.pem"))
        with HttpServer(certificate.context) as server:
            assert deliver(server.url).state == "sent"

    def test_goes_to_no_one_without_a_trusted_certificate(self, tmp_path: Path) -> None:
        with HttpServer(self_signed("localhost", tmp_path).context) as server:
            row = deliver(server.url)
            assert row.why == "unreachable" and "certificate" in row.said
            assert server.requests == []


class TestFailures:
    def test_a_redirect_is_not_followed_and_no_delivery(self, server: HttpServer) -> None:
        server.answers.append(Answer(status=302, headers={"Location": server.url}))
        row = deliver(server.url)
        assert (row.state, row.said) == ("waiting", "302") and len(server.requests) == 1

    def test_a_receiver_that_asks_for_a_pause_gets_it(self, server: HttpServer) -> None:
        server.answers.append(Answer(status=429, headers={"Retry-After": "900"}))
        deliver(server.url)
        row = Delivery.objects.annotate(now=Now()).get()
        assert 890 < (row.next_try_at - row.now).total_seconds() < 901

    def test_one_that_asks_for_years_gets_a_day(self, server: HttpServer) -> None:
        server.answers.append(Answer(status=429, headers={"Retry-After": "99999999"}))
        deliver(server.url)
        row = Delivery.objects.annotate(now=Now()).get()
        assert (row.next_try_at - row.now).total_seconds() < 86_401

    @pytest.mark.parametrize("misdeed", ["hang", "cut", "drip", "garbage"])
    def test_a_receiver_that_misbehaves_holds_nothing_up(
        self, server: HttpServer, monkeypatch: pytest.MonkeyPatch, misdeed: str
    ) -> None:
        monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 0.3)
        server.otherwise = Answer(status=500, misdeed=misdeed)
        began = time.monotonic()
        if misdeed == "drip":  # its head says that it arrived, and the rest is not read
            webhooks.post(server.url, SECRET, *EXAMPLE)
        else:
            with pytest.raises(NotDelivered):
                webhooks.post(server.url, SECRET, *EXAMPLE)
        assert time.monotonic() - began < 5

    def test_where_nobody_listens_is_tried_again_with_the_reason(self) -> None:
        row = deliver(f"http://127.0.0.1:{closed_port()}/")
        assert (row.state, row.why) == ("waiting", "unreachable") and "refused" in row.said

    def test_a_secret_that_cannot_be_read_is_said(self, server: HttpServer) -> None:
        assert deliver(server.url, webhook_secret="broken").why == "unreadable"
        assert server.requests == []

    def test_the_others_for_a_failing_receiver_wait_as_long(self, server: HttpServer) -> None:
        server.otherwise = Answer(status=500)
        choice = choose(server.url)
        for name in ("Spring", "Summer", "Autumn"):
            note(choice.user, name)
        sending.send_due(0)
        assert len(server.requests) == 1
        assert not Delivery.objects.filter(next_try_at__lte=Now()).exists()

    def test_they_follow_when_it_works_again(self, server: HttpServer) -> None:
        server.answers.append(Answer(status=500))
        choice = choose(server.url)
        for name in ("Spring", "Summer", "Autumn"):
            note(choice.user, name)
        sending.send_due(0)
        first = Delivery.objects.order_by("pk")[:1].values("pk")
        Delivery.objects.filter(pk__in=first).update(next_try_at=LONG_AGO)
        sending.send_due(0)
        assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


class TestSwitchingOff:
    def test_one_that_is_gone_is_switched_off_at_once(self, server: HttpServer) -> None:
        server.answers.append(Answer(status=410))
        assert deliver(server.url).state == "given_up"
        assert Choice.objects.get().webhook_off_at is not None

    def test_one_that_failed_for_days_is_switched_off_and_its_user_is_told_by_mail(
        self, server: HttpServer
    ) -> None:
        server.otherwise = Answer(status=500)
        row = deliver(server.url, mail="now", unwanted=[])
        Choice.objects.update(webhook_failing_since=LONG_AGO)
        Delivery.objects.filter(pk=row.pk).update(attempts=9)
        make_due()
        sending.send_due(0)
        assert Choice.objects.get().webhook_off_at is not None
        assert "Your webhook was switched off" in [message.subject for message in mail.outbox]

    def test_what_waits_for_it_is_given_up_and_nothing_more_is_posted(
        self, server: HttpServer
    ) -> None:
        server.answers.append(Answer(status=410))
        choice = choose(server.url)
        for name in ("Spring", "Summer"):
            note(choice.user, name)
        sending.send_due(0)
        note(choice.user, "Autumn")
        sending.send_due(0)
        assert len(server.requests) == 1
        assert list(Delivery.objects.values_list("state", flat=True)) == ["given_up"] * 2

    def test_one_that_failed_for_hours_stays_on(self, server: HttpServer) -> None:
        server.otherwise = Answer(status=500)
        row = deliver(server.url)
        Delivery.objects.filter(pk=row.pk).update(attempts=9)
        make_due()
        sending.send_due(0)
        assert Delivery.objects.get().state == "given_up"
        assert Choice.objects.get().webhook_off_at is None

    def test_a_success_ends_the_failing(self, server: HttpServer) -> None:
        deliver(server.url, webhook_failing_since=LONG_AGO)
        assert Choice.objects.get().webhook_failing_since is None


class TestAddresses:
    def test_this_machine_is_not_posted_to(self, server: HttpServer, settings: Settings) -> None:
        settings.NOTICE_WEBHOOK_NETWORKS = []
        row = deliver(server.url)
        assert (row.why, row.said) == ("not_public", "127.0.0.1")
        assert server.connections == 0

    @pytest.mark.parametrize(
        "address",
        ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "fc00::1",
         "::ffff:127.0.0.1", "64:ff9b::7f00:1", "0.0.0.0", "224.0.0.1", "not an address"],
    )  # fmt: skip
    @pytest.mark.parametrize("port", [25, 443])
    def test_only_public_addresses_are_posted_to(
        self, settings: Settings, address: str, port: int
    ) -> None:
        """Whatever is open to mail servers."""
        settings.NOTICE_WEBHOOK_NETWORKS = []
        assert not network.is_open_to_webhooks(address, port)
        assert network.is_open_to_webhooks("93.184.215.14", port)

    def test_a_public_network_of_the_installation_is_inside(self, settings: Settings) -> None:
        settings.INTERNAL_NETWORKS = ["93.184.215.0/24"]
        assert not network.is_open_to_webhooks("93.184.215.14", 443)

    def test_a_network_that_operators_name_is_open(self, settings: Settings) -> None:
        settings.NOTICE_WEBHOOK_NETWORKS = ["10.20.0.0/16", "169.254.0.0/16"]
        assert network.is_open_to_webhooks("10.20.0.7", 443)
        assert not network.is_open_to_webhooks("10.21.0.7", 443)
        assert not network.is_open_to_webhooks("169.254.169.254", 443)  # never

    @pytest.mark.parametrize(
        "url",
        ["http://example.com/", "ftp://example.com/", "https://", "https://a:b@example.com/", "x",
         "https://@example.com/", "https://example.com/a b", "https://example.com/#x",
         "https://exämple.com/", "https://example.com:0/", "https://example.com:99999/",
         "https://[::1/", "https://e.com/\r\n"],
    )  # fmt: skip
    def test_what_is_no_https_address_is_refused(self, settings: Settings, url: str) -> None:
        settings.DEBUG = False
        assert not is_taken(url)

    def test_an_https_address_is_taken(self, settings: Settings) -> None:
        settings.DEBUG = False
        assert is_taken("https://example.com:8443/hooks?team=1")


def is_taken(url: str) -> bool:
    try:
        webhooks.check_url(url)
    except ValidationError:
        return False
    return True


class TestSecrets:
    def test_are_rotated_with_the_others(self, settings: Settings) -> None:
        choice = choose("https://example.com/")
        new = "ZmFrZS1rZXktZm9yLXRlc3RzLW9ubHktMDEyMzQ1Njc="
        settings.CREDENTIALS_KEYS = [new, *settings.CREDENTIALS_KEYS]
        call_command("rotate_credentials")
        settings.CREDENTIALS_KEYS = [new]
        choice.refresh_from_db()
        assert choices.secret_of(choice) == SECRET
