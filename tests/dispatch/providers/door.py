"""In the place of the inbox, for the tests of webhooks: what entered, and what was refused."""

from __future__ import annotations

import copy
from typing import Any

from tests.dispatch.providers.webhook_posts import (
    PAYLOADS,
)
from tests.responses import ClientResponse
from tracking.events.incoming import Incoming


class Door:
    """In the place of the inbox: what entered, and what was counted as refused."""

    def __init__(self) -> None:
        self.entered: list[Incoming] = []
        self.refused: list[tuple[str, str]] = []

    def refuse(self, endpoint: str, why: str, number: int = 1) -> None:
        self.refused += [(endpoint, why)] * number


def first_event(provider: str) -> Any:
    return copy.deepcopy(PAYLOADS[provider][0]["body"])


def refused(door: Door, response: ClientResponse, status: int) -> str:
    """The reason that was counted; nothing else is left of the request."""
    assert response.status_code == status
    assert response.content == b""
    assert door.entered == []
    ((_, reason),) = door.refused
    return reason
