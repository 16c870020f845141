"""Where services and bounce mailboxes may lead: nobody looks around inside by way of connection tests."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from pytest_django import Settings

from dispatch import network
from dispatch.bounces.mailboxes import MailboxError, open_mailbox
from dispatch.errors import ServiceError
from dispatch.network import AddressForbidden, is_allowed
from dispatch.providers import get_provider
from dispatch.providers.http.connection import HandOverSession
from dispatch.providers.http.refusals import failure
from tests.dispatch.providers.certificates import self_signed
from tests.http_server import Answer, HttpServer
from tests.imap_server import ImapServer, settings_of
from tests.security.talker import says, talker
from tests.smtp_server import SmtpServer

MAIL = [(25, 25), (465, 465), (587, 587), (2525, 2525), (143, 143), (993, 993)]
NEVER = [
    "169.254.169.254", "169.254.170.2", "169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1",
    "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    "0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "239.255.255.250", "ff02::1", "255.255.255.255",
    "240.0.0.1", "fec0::1", "192.0.2.1", "198.18.0.1", "2001:db8::1",
    "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::169.254.169.254", "::127.0.0.1", "::10.0.0.1",
    "2002:a9fe:a9fe::1", "2002:7f00:1::", "2001:0:a9fe:a9fe::", "64:ff9b::169.254.169.254",
    "::ffff:0:169.254.169.254", "::ffff:0:127.0.0.1", "::ffff:0:10.0.0.1", "192.88.99.1",
    "3fff::1", "5f00::1", "fd00:42::42", "fd00:c1::a9fe:a9fe",
    "64:ff9b:1::a00:1", "not an address", "", "127.1", "0x7f000001", "2130706433",
]  # fmt: skip
INSIDE = [
    "127.0.0.1", "127.255.0.9", "::1", "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1",
    "100.64.0.1", "fd12:3456::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1",
]  # fmt: skip
PUBLIC = ["9.9.9.9", "2620:fe::fe", "::ffff:9.9.9.9", "64:ff9b::9.9.9.9", "172.32.0.1"]


@pytest.fixture
def as_shipped() -> Any:
    """What holds where nothing was set and DEBUG is off."""
    with override_settings(INTERNAL_PORTS=MAIL, LOOPBACK_PORTS=MAIL):
        yield


@pytest.mark.usefixtures("as_shipped")
class TestTheRule:
    @pytest.mark.parametrize("address", NEVER)
    def test_nobody_connects_there_at_any_port(self, address: str) -> None:
        assert not any(is_allowed(address, port) for port in (25, 80, 443, 587, 993))

    @pytest.mark.parametrize("address", INSIDE)
    def test_inside_mail_servers_may_be_connected_to(self, address: str) -> None:
        assert all(is_allowed(address, first) for first, _ in MAIL)

    @pytest.mark.parametrize("address", INSIDE)
    @pytest.mark.parametrize("port", [1, 22, 24, 26, 80, 443, 5432, 6379, 8000, 9200, 65535])
    def test_inside_nothing_else_may(self, address: str, port: int) -> None:
        assert not is_allowed(address, port)

    @pytest.mark.parametrize("address", PUBLIC)
    def test_what_is_public_may_be_connected_to(self, address: str) -> None:
        assert is_allowed(address, 587)
        assert is_allowed(address, 443)


class TestTheSettings:
    def test_networks_that_are_not_named_are_closed(self) -> None:
        with override_settings(INTERNAL_NETWORKS=["10.20.0.0/16"], INTERNAL_PORTS=MAIL):
            assert is_allowed("10.20.0.9", 25)
            assert not is_allowed("10.21.0.9", 25)
            assert not is_allowed("127.0.0.1", 25)
            assert not is_allowed("::1", 25)

    def test_naming_all_there_is_does_not_open_what_is_never_connected_to(self) -> None:
        everything = [(1, 65535)]
        with override_settings(
            INTERNAL_NETWORKS=["0.0.0.0/0", "::/0"],
            INTERNAL_PORTS=everything,
            LOOPBACK_PORTS=everything,
        ):
            assert not any(is_allowed(each, 80) for each in ("169.254.169.254", "fd00:ec2::254"))

    def test_loopback_has_ports_of_its_own(self) -> None:
        with override_settings(INTERNAL_PORTS=MAIL, LOOPBACK_PORTS=[(8000, 8010)]):
            assert is_allowed("127.0.0.1", 8005)
            assert not is_allowed("127.0.0.1", 25)


def resolving_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """The DNS says these, one after the other. Returns what is asked."""
    asked: list[str] = []
    left = list(answers)

    def getaddrinfo(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        asked.append(host)
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


class TestNames:
    def test_a_name_is_resolved_once_and_connected_to_by_that_address(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with talker(says(b"hello")) as port:
            asked = resolving_to(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
            with network.connect("mail.example.com", port, 5) as sock:
                assert sock.recv(100) == b"hello"
        assert asked == ["mail.example.com"]

    def test_a_name_that_leads_inside_is_refused_without_a_connection(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with HttpServer() as server, override_settings(LOOPBACK_PORTS=MAIL):
            resolving_to(monkeypatch, ["127.0.0.1"])
            port = int(server.url.rstrip("/").rpartition(":")[2])
            with pytest.raises(AddressForbidden):
                network.connect("mail.example.com", port, 5)
        assert server.connections == 0

    def test_of_several_addresses_only_those_that_may_be_are_connected_to(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        resolving_to(monkeypatch, ["169.254.169.254", "127.0.0.1", "10.0.0.1"])
        with override_settings(INTERNAL_PORTS=MAIL):
            found = network.resolve("mail.example.com", 8025)
        assert [address[0] for _, address in found] == ["127.0.0.1"]

    def test_the_refusal_does_not_tell_where_the_name_leads(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        resolving_to(monkeypatch, ["10.1.2.3"])
        with override_settings(INTERNAL_PORTS=MAIL), pytest.raises(AddressForbidden) as refused:
            network.connect("mail.example.com", 8080, 5)
        assert "10.1.2.3" not in str(refused.value)
        assert "INTERNAL_PORTS" in str(refused.value)

    def test_all_addresses_of_a_name_share_one_time_out(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        resolving_to(monkeypatch, ["127.0.0.1"] * 50)
        tried = []

        class Silent(socket.socket):
            def connect(self, address: Any) -> None:
                tried.append(self.gettimeout())
                raise TimeoutError("timed out")

        monkeypatch.setattr(socket, "socket", Silent)
        with pytest.raises(TimeoutError):
            network.connect("mail.example.com", 25, 0.5)
        assert len(tried) <= network.MOST_ADDRESSES


def smtp_says(port: int, host: str = "127.0.0.1", **others: Any) -> ServiceError:
    """What testing the connection of an SMTP service says."""
    settings = {"host": host, "port": port, "security": "none", "timeout": 2, **others}
    with pytest.raises(ServiceError) as failed:
        get_provider("smtp").describe_connection(settings)
    return failed.value


class TestEveryWayOut:
    """Each transport goes by the rule, when it is tested and when it sends."""

    def test_smtp(self) -> None:
        with SmtpServer() as server, override_settings(LOOPBACK_PORTS=MAIL):
            error = smtp_says(server.port)
        assert "may not be connected to" in error.reply
        assert error.needs_person

    def test_imap(self) -> None:
        with (
            ImapServer().running() as server,
            override_settings(LOOPBACK_PORTS=MAIL),
            pytest.raises(MailboxError, match="may not be connected to"),
        ):
            open_mailbox(settings_of(server))

    def test_http(self) -> None:
        with (
            HttpServer() as server,
            override_settings(LOOPBACK_PORTS=MAIL),
            HandOverSession() as session,
            pytest.raises(OSError) as caught,
        ):
            session.hand_over({"method": "GET", "url": server.url, "timeout": (5, 5)})
        assert server.connections == 0
        error = failure(caught.value, session.departure.has_left)
        assert isinstance(error, ServiceError)
        assert error.needs_person
        assert "may not be connected to" in error.reply

    def test_http_keeps_to_the_name_in_the_certificate(self, tmp_path: Path) -> None:
        certificate = self_signed("other.example.com", tmp_path)
        with (
            HttpServer(tls=certificate.context) as server,
            HandOverSession() as session,
            pytest.raises(OSError) as caught,
        ):
            session.hand_over({"method": "GET", "url": server.url, "timeout": (5, 5)})
        assert "certificate" in failure(caught.value, False).reply.lower()

    def test_redirects_are_not_followed(self) -> None:
        with HttpServer() as inside, HttpServer() as server, HandOverSession() as session:
            server.answers.append(Answer(302, headers={"Location": inside.url}))
            request = {"method": "GET", "url": server.url, "timeout": (5, 5)}
            assert session.hand_over(request).status_code == 302
        assert inside.requests == []


SECRETS = [
    b"SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13\r\n",
    b"-ERR unknown command, with args beginning with: EHLO\r\n",
    b"HTTP/1.1 400 Bad Request\r\nServer: internal-proxy/1.2\r\n\r\n",
    b"E\x00\x00\x00\x8bSFATAL\x00C0A000\x00Munsupported frontend protocol\x00",
    b"+OK Redis 7.2 ready\r\n",
]


class TestWhatAnswersIsNotShown:
    @pytest.mark.parametrize("banner", SECRETS)
    def test_by_smtp(self, banner: bytes) -> None:
        with talker(says(banner)) as port:
            said = smtp_says(port).reply
        closed, no_smtp = "the server closed the connection", "what answers does not speak SMTP"
        told = closed if banner.startswith(b"E") else no_smtp  # no line of it ends
        assert said == f"Connection lost (connect): {told}"

    @pytest.mark.parametrize("banner", SECRETS)
    def test_by_imap(self, banner: bytes) -> None:
        server = ImapServer()
        with talker(says(banner)) as port:
            server.port = port
            with pytest.raises(MailboxError) as failed:
                open_mailbox(settings_of(server))
        said = str(failed.value)
        assert not any(word in said for word in ("OpenSSH", "ERR", "internal", "FATAL", "Redis"))
        assert "does not speak IMAP" in said

    @pytest.mark.parametrize("banner", [SECRETS[0], SECRETS[3], SECRETS[4]])
    def test_by_http(self, banner: bytes) -> None:
        with talker(says(), says(banner)) as port, HandOverSession() as session:
            request = {"method": "GET", "url": f"http://127.0.0.1:{port}/", "timeout": (5, 5)}
            with pytest.raises(OSError) as caught:
                session.hand_over(request)
        said = failure(caught.value, True).reply
        assert said == "No answer came: what answers does not speak HTTP"

    def test_what_a_mail_server_says_about_the_login_is(self) -> None:
        with SmtpServer(
            ["auth:reply:535 5.7.8 Sorry, wrong credentials"], user="a", password="b"
        ) as server:
            error = smtp_says(server.port, user="a", password="x")
        assert "Sorry, wrong credentials" in error.reply


class TestMaildirs:
    @pytest.fixture
    def root(self, tmp_path: Path, settings: Settings) -> Path:
        settings.BOUNCE_MAILDIRS = str(tmp_path / "maildirs")
        for part in ("new", "cur"):
            (tmp_path / "maildirs" / "good" / part).mkdir(parents=True)
            (tmp_path / "elsewhere" / part).mkdir(parents=True)
        (tmp_path / "elsewhere" / "new" / "secret").write_text("secret")
        return tmp_path / "maildirs"

    def read(self, name: str) -> list[bytes]:
        with open_mailbox({"kind": "maildir", "maildir": name}) as mailbox:
            return [letter.raw for letter in mailbox.new()]

    def test_a_maildir_is_read(self, root: Path) -> None:
        (root / "good" / "new" / "1").write_text("mail")
        assert self.read("good") == [b"mail"]

    def test_one_that_is_a_link_is_not(self, root: Path) -> None:
        (root / "bad").symlink_to(root.parent / "elsewhere")
        with pytest.raises(MailboxError, match="none of them a link"):
            self.read("bad")

    def test_one_whose_folder_is_a_link_is_not(self, root: Path) -> None:
        (root / "good" / "new").rmdir()
        (root / "good" / "new").symlink_to(root.parent / "elsewhere" / "new")
        with pytest.raises(MailboxError):
            self.read("good")

    def test_a_message_that_is_a_link_is_passed_over(self, root: Path) -> None:
        (root / "good" / "new" / "1").symlink_to(root.parent / "elsewhere" / "new" / "secret")
        assert self.read("good") == []

    @pytest.mark.parametrize(
        "name", ["..", "../elsewhere", "/etc", "good/../../elsewhere", ".", ""]
    )
    def test_names_that_lead_out_are_none(self, root: Path, name: str) -> None:
        with pytest.raises(MailboxError):
            self.read(name)
