"""What every provider with an HTTP API must do, against a server that answers as the provider
documents. A provider's test class says what that is.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from typing import Any, ClassVar, TypeVar

import pytest

from dispatch.errors import (
    DeliveryError,
    MessageError,
    OutcomeUnknown,
    RecipientError,
    ServiceError,
)
from dispatch.message.attached import Attached, File
from dispatch.message.message import Accepted, Message
from dispatch.providers import get_provider
from dispatch.providers.base import Transport
from dispatch.providers.http.transport import HttpProvider
from tests.dispatch.providers.samples import a_message, at_once
from tests.http_server import Answer, HttpServer, Request, closed_port

USUAL: dict[str, Any] = {
    "subtask_id": 4711,
    "idempotency_key": "4711-20261125120000000000",
    "reply_to": "answers@example.com",
    "headers": {
        "List-Unsubscribe": "<https://example.com/u/1>, <mailto:u@example.com?subject=off%201>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": "<news.example.com>",
        "Feedback-ID": "1:2:news:edm0123456789",
    },
}
MESSAGE = a_message(**USUAL)


def message_with(**changes: Any) -> Message:
    return a_message(**{**USUAL, **changes})


Failure = TypeVar("Failure", bound=DeliveryError)


FILES = (
    File("春 Übersicht.pdf", "application/pdf", b"%PDF-" + bytes(range(256)) * 30),
    File("list.csv", "text/csv", "name;city\nZoë;Köln\n".encode()),
    File("old.csv", "application/octet-stream", "name;city\nZoë;Köln\n".encode("latin-1")),
)


class Late(Exception):
    """The slot has passed."""


class ProviderCase:
    name: ClassVar[str]
    settings: ClassVar[dict[str, Any]]
    send_path: ClassVar[str]
    accepted: ClassVar[Answer]
    accepted_id: ClassVar[str]
    throttled: ClassVar[Answer]
    unauthorized: ClassVar[Answer]
    sender_refused: ClassVar[Answer]
    recipient_refused: ClassVar[Answer]
    message_refused: ClassVar[Answer]
    account: ClassVar[Answer]
    account_says: ClassVar[str]
    files_at: ClassVar[tuple[str, ...]] = ()
    """The keys that lead to the list of files, and those of a name and a content."""
    headers_refused: ClassVar[frozenset[str]] = frozenset()
    """By the provider's documentation: it must not get to see them."""
    nonsense: ClassVar[Answer] = Answer(200, {"hello": "world"})

    @pytest.fixture
    def server(self) -> Iterator[HttpServer]:
        with HttpServer() as server:
            server.otherwise = self.accepted
            yield server

    @pytest.fixture
    def transport(self, server: HttpServer) -> Iterator[Transport]:
        transport = self.transport_to(server.url)
        yield transport
        transport.close()

    @property
    def provider(self) -> HttpProvider:
        provider = get_provider(self.name)
        assert isinstance(provider, HttpProvider)
        return provider

    def settings_for(self, url: str, patience: float = 10) -> dict[str, Any]:
        return {
            **self.settings,
            "domain": "news.example.com",
            "api_url": url,
            "connect_timeout": patience,
            "reply_timeout": patience,
        }

    def transport_to(self, url: str, patience: float = 10) -> Transport:
        return self.provider.transport(self.settings_for(url, patience))

    def failure(self, transport: Transport, message: Any = MESSAGE) -> DeliveryError:
        with pytest.raises(DeliveryError) as caught:
            transport.send(message, at_once)
        return caught.value

    def failure_of(self, kind: type[Failure], transport: Transport) -> Failure:
        error = self.failure(transport)
        assert isinstance(error, kind)
        return error

    def described(self, server: HttpServer) -> str:
        return self.provider.describe_connection(self.settings_for(server.url))

    def files_in(self, request: Request) -> list[tuple[str, bytes]]:
        """The files of a request in JSON, where `files_at` says."""
        *path, name, content = self.files_at
        found = request.json
        for key in path:
            found = found[key]
        return [(each[name], base64.b64decode(each[content])) for each in found]

    # Accepted

    def test_files_arrive_as_they_are(self, transport: Transport, server: HttpServer) -> None:
        transport.send(message_with(attached=Attached(FILES)), at_once)
        assert self.files_in(server.requests[0]) == [(file.name, file.data) for file in FILES]

    def test_an_accepted_message_has_the_providers_id(
        self, transport: Transport, server: HttpServer
    ) -> None:
        assert transport.send(MESSAGE, at_once).provider_message_id == self.accepted_id
        (request,) = server.requests
        assert (request.method, request.path) == ("POST", self.send_path)

    def sent(self, request: Request) -> str:
        """What was posted, readable."""
        return request.body.decode()

    def test_the_headers_of_a_campaign_travel_with_the_message(
        self, transport: Transport, server: HttpServer
    ) -> None:
        transport.send(MESSAGE, at_once)
        sent = self.sent(server.requests[0])
        for name, value in MESSAGE.headers.items():
            expected = name not in self.headers_refused
            assert (name.lower() in sent.lower(), value in sent) == (expected, expected), name

    def test_a_message_of_one_part_is_accepted(self, transport: Transport) -> None:
        for part in ("html", "text"):
            assert isinstance(transport.send(a_message(**{part: ""}), at_once), Accepted)

    def test_one_connection_carries_many_messages(
        self, transport: Transport, server: HttpServer
    ) -> None:
        for _ in range(3):
            transport.open()
            transport.send(MESSAGE, at_once)
        assert server.connections == 1

    def test_nothing_has_left_when_it_is_about_to_start(
        self, transport: Transport, server: HttpServer
    ) -> None:
        seen = []
        transport.send(MESSAGE, lambda: seen.append(len(server.requests)))
        assert seen == [0]

    def test_what_starting_raises_is_passed_on_and_nothing_leaves(
        self, transport: Transport, server: HttpServer
    ) -> None:
        def too_late() -> None:
            raise Late

        with pytest.raises(Late):
            transport.send(MESSAGE, too_late)
        assert not server.requests
        assert transport.send(MESSAGE, at_once).provider_message_id == self.accepted_id

    # Refused

    def test_throttling_blames_the_service_for_a_while(
        self, transport: Transport, server: HttpServer
    ) -> None:
        server.answers.append(self.throttled)
        error = self.failure_of(ServiceError, transport)
        assert not error.needs_person

    @pytest.mark.parametrize(
        "asked, seconds",
        [
            ("120", 120),
            ("Wed, 25 Nov 2026 12:02:00 GMT", 120),
            ("Wed, 25 Nov 2026 11:00:00 GMT", 0),
            ("soon", 0),
            ("-5", 0),
        ],
    )
    def test_how_long_the_provider_wants_to_be_left_alone_is_known(
        self, transport: Transport, server: HttpServer, asked: str, seconds: float
    ) -> None:
        headers = {"Retry-After": asked, "Date": "Wed, 25 Nov 2026 12:00:00 GMT"}
        for status, body in ((self.throttled.status, self.throttled.body), (503, b"")):
            server.answers.append(Answer(status, body, headers))
            error = self.failure_of(ServiceError, transport)
            assert error.retry_after_seconds == seconds

    def test_bad_credentials_need_a_person(self, transport: Transport, server: HttpServer) -> None:
        server.answers.append(self.unauthorized)
        error = self.failure_of(ServiceError, transport)
        assert error.needs_person

    def test_a_refused_sender_needs_a_person(
        self, transport: Transport, server: HttpServer
    ) -> None:
        server.answers.append(self.sender_refused)
        error = self.failure_of(ServiceError, transport)
        assert error.needs_person

    def test_a_refused_recipient_is_final(self, transport: Transport, server: HttpServer) -> None:
        server.answers.append(self.recipient_refused)
        error = self.failure_of(RecipientError, transport)
        assert error.permanent

    def test_a_refused_message_is_final(self, transport: Transport, server: HttpServer) -> None:
        server.answers.append(self.message_refused)
        assert isinstance(self.failure(transport), MessageError)

    def test_an_error_of_the_server_blames_the_service_for_a_while(
        self, transport: Transport, server: HttpServer
    ) -> None:
        page = "<html><title>503</title><style>h1 {}</style><h1>Service unavailable</h1></html>"
        server.answers.append(Answer(503, page.encode()))
        error = self.failure_of(ServiceError, transport)
        assert not error.needs_person
        assert error.reply == "Service unavailable"

    def test_a_redirect_is_not_followed_and_needs_a_person(
        self, transport: Transport, server: HttpServer
    ) -> None:
        server.answers.append(Answer(307, headers={"Location": server.url + "elsewhere"}))
        error = self.failure_of(ServiceError, transport)
        assert error.needs_person
        assert len(server.requests) == 1

    def test_a_kept_connection_carries_on_after_a_refusal(
        self, transport: Transport, server: HttpServer
    ) -> None:
        server.answers.append(self.message_refused)
        self.failure(transport)
        assert transport.send(MESSAGE, at_once).provider_message_id == self.accepted_id
        assert server.connections == 1

    def test_what_the_provider_says_is_kept_without_the_credentials(
        self, transport: Transport, server: HttpServer
    ) -> None:
        secrets = [self.settings[name] for name in self.provider.secret_fields & set(self.settings)]
        server.answers.append(Answer(401, {"message": f"bad key: {' '.join(secrets)}"}))
        reply = self.failure(transport).reply
        assert reply.startswith("bad key: [hidden]")
        assert not [secret for secret in secrets if secret in reply]

    # Nobody knows

    @pytest.mark.parametrize("misdeed", ["cut", "cut mid-answer", "garbage"])
    def test_an_answer_that_does_not_arrive_leaves_the_outcome_unknown(
        self, transport: Transport, server: HttpServer, misdeed: str
    ) -> None:
        server.answers.append(Answer(200, self.accepted.body, misdeed=misdeed))
        assert isinstance(self.failure(transport), OutcomeUnknown)
        assert transport.send(MESSAGE, at_once).provider_message_id == self.accepted_id

    @pytest.mark.parametrize("misdeed", ["hang", "drip"])
    def test_no_answer_in_time_leaves_the_outcome_unknown(
        self, server: HttpServer, misdeed: str
    ) -> None:
        server.answers.append(Answer(misdeed=misdeed))
        transport = self.transport_to(server.url, patience=0.3)
        assert isinstance(self.failure(transport), OutcomeUnknown)
        transport.close()

    @pytest.mark.parametrize("status", [502, 504])
    def test_a_gateway_without_an_answer_leaves_the_outcome_unknown(
        self, transport: Transport, server: HttpServer, status: int
    ) -> None:
        server.answers.append(Answer(status, b"Bad gateway"))
        assert isinstance(self.failure(transport), OutcomeUnknown)

    def test_an_unreadable_acceptance_leaves_the_outcome_unknown(
        self, transport: Transport, server: HttpServer
    ) -> None:
        answers = (self.nonsense, Answer(200, b"{broken"), Answer(200, [1]), Answer(200, b""))
        for answer in answers:
            server.answers.append(answer)
            assert isinstance(self.failure(transport), OutcomeUnknown)

    # Not sent for sure

    def test_a_refused_connection_is_definitely_not_sent(self) -> None:
        started: list[None] = []
        transport = self.transport_to(f"http://127.0.0.1:{closed_port()}/")
        with pytest.raises(ServiceError, match="Could not connect: .*refused") as caught:
            transport.send(MESSAGE, lambda: started.append(None))
        assert not caught.value.needs_person and not started

    def test_a_kept_connection_that_was_closed_meanwhile_costs_nothing(
        self, transport: Transport, server: HttpServer
    ) -> None:
        server.answers.append(
            Answer(self.accepted.status, self.accepted.body, {"Connection": "close"})
        )
        for _ in range(2):
            assert transport.send(MESSAGE, at_once).provider_message_id == self.accepted_id

    def test_line_breaks_cannot_reach_a_header(
        self, transport: Transport, server: HttpServer
    ) -> None:
        for changes in (
            {"subject": "Hello\nBcc: eve@example.com"},
            {"from_name": "News\r\nBcc: eve@example.com"},
            {"headers": {"X-Campaign": "1\r\nBcc: eve@example.com"}},
        ):
            assert isinstance(self.failure(transport, a_message(**changes)), MessageError)
        assert not server.requests

    # Settings and connection

    def test_the_form_takes_its_settings_and_nothing_else_is_needed(self) -> None:
        form = self.provider.settings_form(self.settings)
        assert form.is_valid(), form.errors
        assert self.settings.items() <= form.cleaned_data.items()

    def test_settings_that_lack_something_need_a_person(self) -> None:
        with pytest.raises(ServiceError, match="settings lack: ") as caught:
            self.provider.transport({"domain": "news.example.com"})
        assert caught.value.needs_person

    def test_a_key_with_a_line_break_is_refused(self) -> None:
        assert self.provider.secret_fields
        for name in self.provider.secret_fields:
            form = self.provider.settings_form({**self.settings, name: "key\r\nX-Evil: 1"})
            assert name in form.errors

    def test_the_connection_test_says_what_answered_and_sends_nothing(
        self, server: HttpServer
    ) -> None:
        server.answers.append(self.account)
        assert self.account_says in self.described(server)
        (request,) = server.requests
        assert request.method == "GET"

    def test_the_connection_test_says_that_the_credentials_are_refused(
        self, server: HttpServer
    ) -> None:
        server.answers.append(self.unauthorized)
        with pytest.raises(ServiceError) as caught:
            self.described(server)
        assert caught.value.needs_person

    @pytest.mark.parametrize(
        "status, advice",
        [
            (401, "check them, and the region or data centre"),
            (404, "check the region and the names"),
            (429, "try again later"),
            (500, "has trouble of its own: try again later"),
        ],
    )
    def test_the_connection_test_says_what_to_do(
        self, server: HttpServer, status: int, advice: str
    ) -> None:
        server.answers.append(Answer(status, b"<html>nginx</html>"))
        with pytest.raises(ServiceError) as caught:
            self.described(server)
        assert caught.value.reply.startswith(f"nginx. {self.provider.label} ")
        assert advice in caught.value.reply

    def test_the_connection_test_says_that_nothing_can_be_read(self, server: HttpServer) -> None:
        server.answers.append(Answer(200, b"<html>Welcome</html>"))
        with pytest.raises(ServiceError, match="answered something unexpected"):
            self.described(server)

    def test_credentials_are_never_logged(
        self, transport: Transport, server: HttpServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        transport.send(MESSAGE, at_once)
        server.answers.append(self.unauthorized)
        self.failure(transport)
        secrets = self.provider.secret_fields & set(self.settings)
        assert secrets and caplog.text
        for name in secrets:
            assert str(self.settings[name]) not in caplog.text


class IdempotencyHeaderCase:
    """For those that de-duplicate by a header, if all the rest is the same, too."""

    def test_the_same_message_is_the_same_bytes_under_the_same_key(
        self, transport: Transport, server: HttpServer
    ) -> None:
        for _ in range(2):
            transport.send(MESSAGE, at_once)
        first, again = server.requests
        assert first.headers["idempotency-key"] == MESSAGE.idempotency_key
        assert again.headers["idempotency-key"] == MESSAGE.idempotency_key
        assert first.body == again.body
