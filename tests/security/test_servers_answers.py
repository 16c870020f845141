"""What a service's server, a mailbox or the DNS answers costs no more than its bound, in time and memory."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest
import requests
from pytest_django import Settings

from dispatch.bounces.mailboxes import MailboxError, open_mailbox
from dispatch.domains import spf
from dispatch.domains.check import Verdict
from dispatch.domains.names import MOST_QUESTIONS, CouldNotAsk, Names
from dispatch.errors import MessageError, OutcomeUnknown, ServiceError
from dispatch.message.message import Accepted
from dispatch.providers import get_provider
from dispatch.providers.http import refusals
from dispatch.providers.http.connection import LONGEST_ANSWER, HandOverSession
from dispatch.providers.smtp import replies
from dispatch.providers.smtp.client import LONGEST_REPLY, MOST_LINES
from dispatch.results.outcomes import storable
from tests.dispatch.providers.samples import a_message, at_once, smtp_transport
from tests.dns_server import DnsServer, dns_server
from tests.http_server import Answer, HttpServer
from tests.imap_server import ImapServer, settings_of
from tests.security.scaling import assert_linear
from tests.security.talker import Saying, says, talker


def endless(chunk: bytes) -> Saying:
    return lambda: itertools.repeat(chunk)


GREETING, EHLO = says(b"220 hello\r\n"), says(b"250-hello\r\n250 PIPELINING\r\n")
TALKATIVE = {
    "one-character lines": b"250-x\r\n" * 1_000,
    "empty lines": b"250-\r\n" * 1_000,
    "bare line feeds": b"\n" * 8_000,
    "one line": b"250-" + b"x" * 8_000,
    "long lines": (b"250-" + b"y" * 3_000 + b"\r\n") * 10,
    "not even SMTP": b"\x00" * 8_000,
}


class TestSmtp:
    def failure(self, *sayings: Saying) -> Exception:
        with talker(*sayings) as port:
            transport = smtp_transport(port, patience=5)
            with pytest.raises((ServiceError, OutcomeUnknown)) as failed:
                transport.send(a_message(), at_once)
            transport.close()
        return failed.value

    @pytest.mark.parametrize("what", sorted(TALKATIVE))
    def test_a_greeting_that_never_ends_blames_the_service(self, what: str) -> None:
        assert isinstance(self.failure(endless(TALKATIVE[what])), ServiceError)

    @pytest.mark.parametrize("what", sorted(TALKATIVE))
    def test_a_list_of_extensions_that_never_ends_blames_the_service(self, what: str) -> None:
        assert isinstance(self.failure(GREETING, endless(TALKATIVE[what])), ServiceError)

    @pytest.mark.parametrize("what", sorted(TALKATIVE))
    def test_a_reply_to_the_envelope_that_never_ends_blames_the_service(self, what: str) -> None:
        assert isinstance(self.failure(GREETING, EHLO, endless(TALKATIVE[what])), ServiceError)

    def test_a_reply_to_the_message_that_never_ends_leaves_it_in_doubt(self) -> None:
        go_on = says(b"250 ok\r\n250 ok\r\n354 go on\r\n")
        never = endless(TALKATIVE["one-character lines"])
        assert isinstance(self.failure(GREETING, EHLO, go_on, never), OutcomeUnknown)

    def test_a_reply_of_many_lines_is_read_up_to_the_bound(self) -> None:
        lines = b"".join(b"250-X%d\r\n" % n for n in range(MOST_LINES - 1)) + b"250 LAST\r\n"
        with talker(GREETING, says(lines)) as port:
            transport = smtp_transport(port, patience=5)
            transport.open()
            transport.close()

    def test_the_bound_is_named(self) -> None:
        error = self.failure(GREETING, endless(TALKATIVE["one-character lines"]))
        assert str(MOST_LINES) in str(error)
        assert str(LONGEST_REPLY) in str(error)


ATTACKS = {
    "line feeds": "\n",
    "blanks": " ",
    "enhanced codes": "5.1.1 \n",
    "digits": "1",
    "names": "id=",
    "oks": "ok: ",
    "queued": "queued as x ",
    "quota": "recipient's ",
    "domains": "domain ",
}


def _parse_reply(text: str) -> None:
    replies.parse(text)


def _accepted_id(text: str) -> None:
    replies.accepted_id(text)


def _page(text: str) -> None:
    refusals._without_markup(text)


def _judge(text: str) -> None:
    answer = requests.Response()
    answer.status_code = 400
    answer._content = text.encode()
    for name in ("mailgun", "ses", "engagelab", "sendgrid", "resend", "brevo"):
        refusals.refusal(answer, getattr(get_provider(name), "refusals", ()))


class TestLinearity:
    """Also beyond the bounds: nothing depends on them alone."""

    @pytest.mark.parametrize("what", sorted(ATTACKS))
    def test_reading_an_smtp_reply(self, what: str) -> None:
        assert_linear(_parse_reply, lambda size: ATTACKS[what] * size)

    @pytest.mark.parametrize("what", sorted(ATTACKS))
    def test_finding_the_name_of_an_accepted_message(self, what: str) -> None:
        assert_linear(_accepted_id, lambda size: ATTACKS[what] * size)

    @pytest.mark.parametrize("unit", ["<", "<style>", "<style", "</style", "<a ", ">", "<title></"])
    def test_reading_an_error_page(self, unit: str) -> None:
        assert_linear(_page, lambda size: unit * size)

    @pytest.mark.parametrize("what", ["blanks", "domains", "quota", "enhanced codes"])
    def test_sorting_a_refusal_by_a_provider(self, what: str) -> None:
        assert_linear(_judge, lambda size: ATTACKS[what] * size)


def test_the_text_of_an_error_page_is_what_is_neither_markup_nor_style() -> None:
    page = "<html><head><title>502</title><style>p {}</style></head><p>Bad <b>gateway</b></html>"
    assert refusals._without_markup(page).split() == ["Bad", "gateway"]


BODIES = {
    "nested lists": b"[" * 50_000,
    "nested objects": b'{"message":' * 9_000,
    "balanced": b"[" * 20_000 + b"]" * 20_000,
    "a huge number": b"9" * 100_000,
    "many members": b"{" + b",".join(b'"m%d":1' % n for n in range(9_000)) + b"}",
    "not JSON": b"\xff\xfe" * 20_000,
    "a lone surrogate": b'["\\ud800\\u0000"]',
}


class TestHttp:
    @pytest.fixture
    def server(self) -> Iterator[HttpServer]:
        with HttpServer() as server:
            yield server

    def hand_over(self, server: HttpServer) -> Accepted:
        settings = {"api_user": "u", "api_key": "k", "region": "singapore", "api_url": server.url}
        transport = get_provider("engagelab").transport(settings)
        try:
            return transport.send(a_message(), at_once)
        finally:
            transport.close()

    @pytest.mark.parametrize("what", sorted(BODIES))
    @pytest.mark.parametrize("status", [200, 400, 500])
    def test_an_answer_that_makes_no_sense_is_a_known_failure(
        self, server: HttpServer, what: str, status: int
    ) -> None:
        server.otherwise = Answer(status, BODIES[what])
        errors = {200: OutcomeUnknown, 400: MessageError, 500: ServiceError}
        with pytest.raises(errors[status]):
            self.hand_over(server)

    def test_an_acceptance_under_a_name_that_cannot_be_stored_is_one(
        self, server: HttpServer
    ) -> None:
        server.otherwise = Answer(200, b'{"email_ids": ["\\ud800\\u0000"]}')
        assert self.hand_over(server).provider_message_id == "\ud800\0"

    def test_an_answer_that_is_too_long_is_not_read_to_its_end(self, server: HttpServer) -> None:
        server.otherwise = Answer(200, b" " * (LONGEST_ANSWER + 1))
        with pytest.raises(OutcomeUnknown, match="more than"):
            self.hand_over(server)

    def test_nor_when_somebody_tests_the_connection(self, server: HttpServer) -> None:
        server.otherwise = Answer(200, b" " * (LONGEST_ANSWER + 1))
        settings = {"api_user": "u", "api_key": "k", "region": "singapore", "api_url": server.url}
        with pytest.raises(ServiceError, match="more than"):
            get_provider("engagelab").describe_connection(settings)

    def test_headers_count_too(self, server: HttpServer) -> None:
        headers = {f"X-{n}": "x" * 60_000 for n in range(5)}
        server.otherwise = Answer(200, {}, headers)
        with pytest.raises(OutcomeUnknown):
            self.hand_over(server)

    def test_what_is_compressed_is_not_unpacked(self, server: HttpServer) -> None:
        server.otherwise = Answer(200, b"\x1f\x8b" + b"\x00" * 100, {"Content-Encoding": "gzip"})
        with pytest.raises(OutcomeUnknown):
            self.hand_over(server)
        assert server.requests[0].headers["accept-encoding"] == "identity"

    def test_chunks_that_never_end(self) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunks = itertools.chain([head], itertools.repeat(b"1\r\nx\r\n" * 1_000))
        with talker(says(), lambda: chunks) as port, HandOverSession() as session:
            request = {"method": "GET", "url": f"http://127.0.0.1:{port}/", "timeout": (5, 20)}
            with pytest.raises(requests.ConnectionError):
                session.hand_over(request)

    def test_interim_answers_that_never_end(self) -> None:
        with (
            talker(says(), endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)) as port,
            HandOverSession() as session,
            pytest.raises(requests.RequestException),
        ):
            session.hand_over(
                {"method": "GET", "url": f"http://127.0.0.1:{port}/", "timeout": (5, 20)}
            )


HELLO = says(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n")


class TestImap:
    def problem(self, *sayings: Saying) -> str:
        server = ImapServer()
        with talker(*sayings) as server.port, pytest.raises(MailboxError) as failed:
            open_mailbox({**settings_of(server), "timeout": 5})
        return str(failed.value)

    @pytest.mark.parametrize(
        "chunk",
        [b"* OK still here\r\n" * 100, b"* 1 EXISTS\r\n" * 100, b"* LIST () x y\r\n" * 100],
        ids=["status", "exists", "lists"],
    )
    def test_answers_that_never_end(self, chunk: bytes) -> None:
        assert "answers with more than" in self.problem(HELLO, endless(chunk))

    def test_a_line_that_never_ends(self) -> None:
        self.problem(HELLO, endless(b"* OK " + b"x" * 8_000))

    def test_a_literal_that_is_announced_as_huge_is_not_waited_for(self) -> None:
        said = self.problem(HELLO, says(b"* 1 FETCH (BODY[] {9999999999}\r\n"))
        assert "answers with more than" in said

    @pytest.mark.parametrize("size", [b"9" * 400, b"9" * 5_000])
    def test_a_literal_of_a_size_that_is_none(self, size: bytes) -> None:
        self.problem(HELLO, says(b"* 1 FETCH (BODY[] {" + size + b"}\r\n"))

    def test_a_mailbox_that_claims_to_be_endless_is_read_in_parts(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("dispatch.bounces.mailboxes.imap.MOST_AT_ONCE", 2)
        with ImapServer().running() as server:
            for number in range(5):
                server.put(b"letter %d" % number)
            with open_mailbox(settings_of(server)) as mailbox:
                assert len(list(mailbox.new())) == 2

    def test_a_conversation_that_is_drawn_out_is_cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("dispatch.bounces.mailboxes.imap.LONGEST_SECONDS", 0.3)

        def drip() -> Iterator[bytes]:
            while True:
                threading.Event().wait(0.02)
                yield b"x"

        assert self.problem(HELLO, drip)


class TestDns:
    @pytest.fixture
    def dns(self, settings: Settings) -> Iterator[DnsServer]:
        with dns_server() as server:
            settings.DNS_NAMESERVERS = [server.address]
            yield server

    def test_records_that_lead_on_and_on_are_given_up(self, dns: DnsServer) -> None:
        names = Names()
        with pytest.raises(CouldNotAsk, match="too many"):
            for number in range(MOST_QUESTIONS + 1):
                names.texts(f"n{number}.example.com")
        assert len(dns.asked) <= 2 * MOST_QUESTIONS

    def test_an_spf_record_that_is_too_long_is_broken(self, dns: DnsServer) -> None:
        dns.text("example.com", "v=spf1 " + "ip4:192.0.2.1 " * 400 + "-all")
        check = spf.check(Names(), "example.com", "")
        assert check.verdict == Verdict.PROBLEM
        assert "longer than" in check.words


def _spf_term(text: str) -> None:
    try:
        spf._term(text, "example.com")
    except spf._Broken:
        return


@pytest.mark.parametrize("unit", ["a", "a/", "a:", "mx/1", "include:", "ip4:1", "x=", "."])
def test_reading_a_term_of_an_spf_record_is_linear(unit: str) -> None:
    assert_linear(_spf_term, lambda size: unit * size)


@pytest.mark.parametrize(
    ("told", "stored"), [("\ud800 7ABC", "? 7ABC"), ("7\x00ABC", "7ABC"), ("7ABC ✓", "7ABC ✓")]
)
def test_what_a_provider_says_can_always_be_stored(told: str, stored: str) -> None:
    """A name with half a character or a zero must not end the transaction that records it."""
    assert storable(told) == stored
