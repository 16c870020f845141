"""A provider that answers a repeated key without sending again, as Resend does."""

from __future__ import annotations

import uuid
from typing import Any

from tests.http_server import Answer, HttpServer, Request


class DeduplicatingProvider(HttpServer):
    """What it accepted, by key, with the recipient. It misbehaves after the acceptance: by each of
    `misdeeds` in turn, then as `always`; `withheld` are the keys of those it misbehaved with.
    """

    def __init__(self) -> None:
        super().__init__()
        self.accepted: dict[str, str] = {}
        self.misdeeds: list[str] = []
        self.always = ""
        self.withheld: list[str] = []
        self.otherwise = self._take

    def settings(self) -> dict[str, Any]:
        """Of a service of the provider `resend` that sends here."""
        return {"api_key": "re_1", "api_url": self.url, "reply_timeout": 30}

    def _take(self, request: Request) -> Answer:
        key = request.headers["idempotency-key"]
        self.accepted.setdefault(key, request.json["to"][0])
        misdeed = self.misdeeds.pop(0) if self.misdeeds else self.always
        if misdeed:
            self.withheld.append(key)
        name = str(uuid.uuid5(uuid.NAMESPACE_OID, key))
        return Answer(200, {"id": name}, misdeed=misdeed)
