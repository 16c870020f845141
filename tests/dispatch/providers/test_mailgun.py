from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from urllib.parse import unquote_plus

import pytest

from dispatch.errors import ServiceError
from dispatch.providers.base import Transport
from tests.dispatch.providers.cases import MESSAGE, ProviderCase
from tests.dispatch.providers.samples import at_once
from tests.http_server import Answer, HttpServer, Request


class TestMailgun(ProviderCase):
    name = "mailgun"
    settings = {"region": "us", "api_key": "key-3ax6xnjp", "sender_domain": "mg.example.com"}
    send_path = "/v3/mg.example.com/messages"
    accepted = Answer(
        200, {"id": "<20261125120000.1.ABC@mg.example.com>", "message": "Queued. Thank you."}
    )
    accepted_id = "<20261125120000.1.ABC@mg.example.com>"
    throttled = Answer(429, {"message": "Too many requests"})
    unauthorized = Answer(401, b"Forbidden", {"Content-Type": "text/plain"})
    sender_refused = Answer(
        400, {"message": "Domain mg.example.com is not allowed to send: not verified"}
    )
    recipient_refused = Answer(
        400, {"message": "'to' parameter is not a valid address. please check documentation"}
    )
    message_refused = Answer(400, {"message": "html parameter is too large"})
    account = Answer(200, {"domain": {"name": "mg.example.com", "state": "active"}})
    account_says = "mg.example.com is active"

    def files_in(self, request: Request) -> list[tuple[str, bytes]]:
        head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
        form = email.message_from_bytes(head + request.body, policy=email.policy.HTTP)
        assert isinstance(form, EmailMessage)
        return [
            (str(part.get_filename()), content)
            for part in form.iter_parts()
            if part.get_param("name", header="content-disposition") == "attachment"
            and isinstance(content := part.get_payload(decode=True), bytes)
        ]

    def sent(self, request: Request) -> str:
        return unquote_plus(request.body.decode())

    def test_tracking_is_ours_and_the_subtask_comes_back(
        self, transport: Transport, server: HttpServer
    ) -> None:
        transport.send(MESSAGE, at_once)
        form = server.requests[0].form
        assert (form["o:tracking-opens"], form["o:tracking-clicks"]) == (["no"], ["no"])
        assert form["v:subtask"] == ["4711"]
        assert form["h:List-Unsubscribe"] == [MESSAGE.headers["List-Unsubscribe"]]

    def test_an_unknown_domain_needs_a_person(
        self, transport: Transport, server: HttpServer
    ) -> None:
        server.answers.append(Answer(404, {"message": "Domain not found: mg.example.com"}))
        assert self.failure_of(ServiceError, transport).needs_person

    def test_without_a_domain_of_its_own_it_is_the_services(self, server: HttpServer) -> None:
        settings = {**self.settings_for(server.url), "sender_domain": ""}
        transport = self.provider.transport(settings)
        transport.send(MESSAGE, at_once)
        assert server.requests[0].path == "/v3/news.example.com/messages"
        transport.close()

    def test_the_connection_test_says_that_the_domain_is_not_active(
        self, server: HttpServer
    ) -> None:
        server.answers.append(
            Answer(200, {"domain": {"name": "mg.example.com", "state": "unverified"}})
        )
        with pytest.raises(ServiceError, match="mg.example.com is unverified"):
            self.described(server)
