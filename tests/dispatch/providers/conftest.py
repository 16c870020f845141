from __future__ import annotations

import pytest

from tests.smtp_server import SmtpServer


@pytest.fixture(params=["in one write", "command by command"])
def conversation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers with and without PIPELINING: what a failure means must not depend on it."""
    if request.param == "command by command":
        offered = tuple(one for one in SmtpServer.EXTENSIONS if one != "PIPELINING")
        monkeypatch.setattr(SmtpServer, "EXTENSIONS", offered)
