"""A server that repeats what it was sent tells nobody the secrets: not in the outcome of a message,
which campaign managers read, not to who tests a connection, not in the log.
"""

from __future__ import annotations

import base64
import logging
from typing import Any
from urllib.parse import quote

import pytest

from dispatch.errors import DeliveryError, ServiceError
from dispatch.providers import PROVIDERS, get_provider
from dispatch.providers.echoes import hidden, repeats
from dispatch.providers.http.transport import HttpProvider
from tests.dispatch.providers.samples import a_message, at_once, smtp_transport
from tests.http_server import Answer, HttpServer
from tests.security.talker import says, talker

SECRET = "p4ss/w+rd&7!key"
MARK = "p4ss"
OTHERS = {"sender_domain": "mg.example.com", "message_stream": "broadcast", "api_user": "u"}
HTTP = sorted(each.name for each in PROVIDERS if isinstance(each, HttpProvider))


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SPELLINGS = {
    "as it is": SECRET,
    "in an address": quote(SECRET, safe=""),
    "in base64": in_base64(SECRET),
    "as a login": in_base64(f"api:{SECRET}"),
    "as another login": in_base64(f"\0user\0{SECRET}"),
    "as a third login": in_base64(f"me:{SECRET}"),
    "in hexadecimal digits": SECRET.encode().hex(),
    "in markup": SECRET.replace("&", "&amp;"),
}


def tells(text: str) -> bool:
    """Whether one can read the secret in a text."""
    return any(each in text for each in (SECRET, *SPELLINGS.values())) or MARK in text


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_is_found_however_it_is_written(spelling: str) -> None:
    said = f"I was sent {SPELLINGS[spelling]} and do not like it"
    assert repeats(said, SECRET)
    assert not tells(hidden(said, [SECRET]))
    assert hidden(said, [SECRET]).startswith("I was sent ")


def test_no_secret_is_found_where_there_is_none() -> None:
    assert not repeats("550 no such user", "")
    assert hidden("550 no such user", ["", "other secret"]) == "550 no such user"


@pytest.fixture
def server() -> Any:
    with HttpServer() as server:
        yield server


def settings_of(name: str, url: str) -> dict[str, Any]:
    provider = get_provider(name)
    fields = provider.settings_form.base_fields
    urls = getattr(provider, "urls", {"eu-west-1": ""})
    regions = {"region": next(iter(urls))} if "region" in fields else {}
    secrets = dict.fromkeys(provider.secret_fields, SECRET)
    return {**OTHERS, **regions, **secrets, "access_key_id": "AKIA", "api_url": url}


def echo(spelling: str, where: str) -> Answer:
    told = SPELLINGS[spelling]
    if where == "body":
        return Answer(401, {"message": f"bad key {told}", "error": [told]})
    return Answer(401, f"<p>bad key {told}</p>".encode())


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("where", ["body", "page"])
def test_an_api_that_repeats_it(
    name: str, spelling: str, where: str, server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.otherwise = echo(spelling, where)
    settings = settings_of(name, server.url)
    with pytest.raises(DeliveryError) as refused:
        get_provider(name).transport(settings).send(a_message(), at_once)
    with pytest.raises(ServiceError) as tested:
        get_provider(name).describe_connection(settings)
    assert server.requests
    assert not tells(refused.value.reply + str(refused.value))
    assert not tells(tested.value.reply + str(tested.value))
    assert not tells(caplog.text)


@pytest.mark.parametrize("phase", ["envelope", "final dot"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_mail_server_that_repeats_it(phase: str, spelling: str) -> None:
    told = SPELLINGS[spelling].encode()
    hello = (says(b"220 hi\r\n"), says(b"250-hi\r\n250 AUTH PLAIN\r\n"), says(b"235 ok\r\n"))
    bad = says(b"550 you are " + told + b"\r\n")
    envelope = (says(b"250 ok\r\n"), says(b"250 ok\r\n"), says(b"354 go on\r\n"))
    talk = (*hello, bad, bad, bad) if phase == "envelope" else (*hello, *envelope, bad)
    with talker(*talk) as port:
        transport = smtp_transport(port, patience=5, user="user", password=SECRET)
        with pytest.raises(DeliveryError) as refused:
            transport.send(a_message(), at_once)
        transport.close()
    assert "you are" in refused.value.reply
    assert not tells(refused.value.reply)
