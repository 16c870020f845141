"""What a name server of a stranger's domain may say."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from dispatch.domains import checking, spf
from dispatch.domains.names import CouldNotAsk, Names
from dispatch.models import DomainReport
from tests.dns_server import DnsServer, dns_server
from tests.factories import EmailServiceFactory


@pytest.fixture
def dns(settings: Settings) -> Iterator[DnsServer]:
    with dns_server() as server:
        settings.DNS_NAMESERVERS = [server.address]
        yield server


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\r", "\u202e", "\x85"])
def test_texts_have_no_control_characters(dns: DnsServer, sign: str) -> None:
    dns.text("example.com", f"v=spf1 a:one{sign}two include:x{sign}y -all")
    (text,) = Names().texts("example.com")
    assert text.isprintable()
    assert "one" in text and "two" in text
    assert spf.check(Names(), "example.com", "").words.isprintable()


@pytest.mark.django_db
def test_what_is_said_in_them_can_be_stored(dns: DnsServer) -> None:
    service = EmailServiceFactory(domain="mail.example.com")
    dns.text(
        "mail.example.com", "v=spf1 a:one.example.com a:two.example.com a:x\x00y.example.com -all"
    )
    checking.keep(service, checking.look_at(service))
    words = [check["words"] for check in DomainReport.objects.get().checks]
    assert any("names more than" in each for each in words)


@pytest.mark.parametrize(
    "records",
    [
        b"\xc0\x0c" + b"\x00\x10\x00\x01\x00\x00\x00\x3c\x00\x05\xffab",
        b"\xc0\x1f" * 3 + b"\x00\x10\x00\x01\x00\x00\x00\x3c\x00\x02\x01a",
        b"\xc0\xff" + b"\x00\x10\x00\x01\x00\x00\x00\x3c\xff\xff\x01a",
    ],
    ids=["a text beyond its end", "a name that leads to itself", "a length beyond the end"],
)
def test_a_mutilated_answer_is_none(settings: Settings, records: bytes) -> None:
    with answering(records) as settings.DNS_NAMESERVERS, pytest.raises(CouldNotAsk):
        Names().texts("example.com")


@contextlib.contextmanager
def answering(records: bytes) -> Iterator[list[str]]:
    """The address of a name server that puts these bytes behind every question."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def run() -> None:
            with contextlib.suppress(OSError):
                while wire := server.recvfrom(4096):
                    query, client = wire
                    if not query:
                        return
                    end = query.index(b"\x00", 12) + 5
                    head = query[:2] + b"\x84\x00" + b"\x00\x01\x00\x01\x00\x00\x00\x00"
                    server.sendto(head + query[12:end] + records, client)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        host, port = server.getsockname()
        try:
            yield [f"{host}:{port}"]
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.sendto(b"", (host, port))
            thread.join(5)
