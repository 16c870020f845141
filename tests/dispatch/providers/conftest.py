from __future__ import annotations

import pytest

from tests.dispatch.providers.door import Door
from tests.smtp_server import SmtpServer
from tracking import rejected_requests
from tracking.events import inbox


@pytest.fixture(params=["in one write", "command by command"])
def conversation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers with and without PIPELINING: what a failure means must not depend on it."""
    if request.param == "command by command":
        offered = tuple(one for one in SmtpServer.EXTENSIONS if one != "PIPELINING")
        monkeypatch.setattr(SmtpServer, "EXTENSIONS", offered)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    """Nothing enters: the test sees what would."""
    door = Door()
    monkeypatch.setattr(inbox, "accept", lambda events: door.entered.extend(events))
    monkeypatch.setattr(rejected_requests, "count", door.refuse)
    return door
