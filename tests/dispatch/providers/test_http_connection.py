"""Connections that know whether anything about a message has left."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from dispatch.errors import OutcomeUnknown, ServiceError
from dispatch.providers.http.connection import HandOverSession
from dispatch.providers.http.refusals import explanation, failure
from tests.dispatch.providers.certificates import self_signed
from tests.http_server import Answer, HttpServer, closed_port


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


@pytest.fixture
def session() -> Iterator[HandOverSession]:
    with HandOverSession() as session:
        yield session


def post(url: str, **kwargs: object) -> dict[str, object]:
    return {"method": "POST", "url": url, "data": "message", "timeout": (5, 5), **kwargs}


def test_a_kept_connection_that_is_closed_while_it_waits_is_made_anew(
    server: HttpServer, session: HandOverSession
) -> None:
    started = []

    def starting() -> None:
        started.append(len(server.requests))
        server.hang_up()

    session.hand_over(post(server.url))
    assert session.hand_over(post(server.url), starting).ok
    assert started == [1]
    assert len(server.requests) == server.connections == 2


def test_a_connection_that_is_lost_on_the_way_has_left(
    server: HttpServer, session: HandOverSession
) -> None:
    server.answers.append(Answer(misdeed="cut"))
    with pytest.raises(requests.ConnectionError) as caught:
        session.hand_over(post(server.url))
    assert session.departure.has_left
    assert isinstance(failure(caught.value, True), OutcomeUnknown)
    assert len(server.requests) == 1


def test_a_name_that_is_nowhere_has_not_left(
    session: HandOverSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(requests.ConnectionError) as caught:
        session.hand_over(post("http://no-such-host.invalid/"))
    assert not session.departure.has_left
    error = failure(caught.value, False)
    assert isinstance(error, ServiceError) and not error.needs_person


def test_what_the_last_request_did_is_forgotten(
    server: HttpServer, session: HandOverSession
) -> None:
    session.hand_over(post(server.url))
    with pytest.raises(requests.ConnectionError):
        session.hand_over(post(f"http://127.0.0.1:{closed_port()}/"))
    assert not session.departure.has_left


def test_credentials_of_the_account_that_runs_it_are_not_added(
    server: HttpServer, session: HandOverSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    session.hand_over(post(server.url))
    assert "authorization" not in server.requests[0].headers


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpServer]:
    certificate = self_signed("localhost", tmp_path)
    authority = tmp_path / "authority.pem"
    authority.write_text(certificate.pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
    with HttpServer(certificate.context) as server:
        yield server


def test_messages_go_over_a_kept_connection_with_tls(
    secure: HttpServer, session: HandOverSession
) -> None:
    for _ in range(3):
        assert session.hand_over(post(secure.url), lambda: None).ok
    assert secure.connections == 1


def test_a_certificate_that_is_not_trusted_has_not_left_and_needs_a_person(
    secure: HttpServer, session: HandOverSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(requests.ConnectionError) as caught:
        session.hand_over(post(secure.url))
    assert not session.departure.has_left
    error = failure(caught.value, False)
    assert isinstance(error, ServiceError) and error.needs_person
    assert "certificate" in error.reply


@pytest.mark.parametrize(
    "body, words",
    [
        (b'{"message": "No", "code": "E1"}', "No: E1"),
        (b'{"errors": [{"message": "No", "field": "x"}, {"message": "Never"}]}', "No: Never"),
        (b'{"Messages": [{"Errors": [{"ErrorMessage": "No"}]}]}', "No"),
        (b'{"error": {"code": 5, "message": "No"}}', "5: No"),
        (b"<html><h1>Not\r\nfound</h1></html>", "Not found"),
        (b'{"fine": true}', "HTTP 400 Bad Request"),
        (b"", "HTTP 400 Bad Request"),
    ],
)
def test_an_explanation_is_found_in_what_providers_answer(
    server: HttpServer, body: bytes, words: str
) -> None:
    server.otherwise = Answer(400, body)
    assert explanation(requests.get(server.url, timeout=5)) == words
