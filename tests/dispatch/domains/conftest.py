from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from dispatch.domains import names
from tests.dispatch.domains.making import make_ready
from tests.dns_server import DnsServer, dns_server


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[DnsServer]:
    """The only name server there is; it knows a domain that is ready. Whoever is silent is not
    waited for long.
    """
    monkeypatch.setattr(names, "LIFETIME_SECONDS", 0.4)
    monkeypatch.setattr(names, "TRY_SECONDS", 0.2)
    with dns_server() as server:
        settings.DNS_NAMESERVERS = [server.address]
        make_ready(server)
        yield server
