"""A provider's API that leads elsewhere: neither the key nor the message goes there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dispatch.errors import ServiceError
from dispatch.providers import get_provider
from tests.dispatch.providers.samples import a_message, at_once
from tests.http_server import Answer, HttpServer
from tests.security.test_echoes import HTTP, SECRET, settings_of

METADATA = "http://169.254.169.254/latest/meta-data/"


@pytest.fixture
def servers() -> Iterator[tuple[HttpServer, HttpServer]]:
    with HttpServer() as api, HttpServer() as other:
        yield api, other


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_api_that_leads_to_another_host_is_not_followed(
    name: str, status: int, servers: tuple[HttpServer, HttpServer]
) -> None:
    api, other = servers
    provider, settings = get_provider(name), settings_of(name, api.url)
    for location in (other.url, other.url.removeprefix("http:"), METADATA):
        api.otherwise = Answer(status, {"message": "moved"}, {"Location": location})
        with pytest.raises(ServiceError) as refused:
            provider.transport(settings).send(a_message(), at_once)
        with pytest.raises(ServiceError) as tested:
            provider.describe_connection(settings)
        assert refused.value.needs_person and tested.value.needs_person
        assert SECRET not in refused.value.reply + tested.value.reply
    assert len(api.requests) == 6
    assert not other.requests and not other.connections


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize("refresh", ["0; url={}", "0;URL='{}'"])
def test_nor_one_that_asks_to_be_asked_elsewhere_in_other_ways(
    name: str, refresh: str, servers: tuple[HttpServer, HttpServer]
) -> None:
    api, other = servers
    page = f'<meta http-equiv="refresh" content="{refresh.format(other.url)}">'.encode()
    headers = {"Refresh": refresh.format(other.url), "Content-Location": other.url}
    api.otherwise = Answer(401, page, {**headers, "Alt-Svc": f'h2="{other.url}"'})
    with pytest.raises(ServiceError):
        get_provider(name).describe_connection(settings_of(name, api.url))
    assert not other.requests
