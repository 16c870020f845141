"""Bodies of webhooks, of which the sender has proved to be the provider, or needs not to."""

from __future__ import annotations

import json

import pytest

from dispatch.providers.hooks import MALFORMED, WebhookRejection
from tests.dispatch.providers.webhook_posts import PAYLOADS
from tests.fuzz import readers
from tests.fuzz.door import Door, attack

WORDS = (b"[[", b"{}", b"[{}],", b'"a":', b"null", b"1e400", b"\\u0000", b"\\ud800", b"9" * 50)


@pytest.mark.parametrize("provider", sorted(PAYLOADS))
def test_webhooks(provider: str) -> None:
    bodies = [json.dumps(payload["body"]).encode() for payload in PAYLOADS[provider]]
    attack(
        Door(
            getattr(readers, f"read_{provider}"),
            samples=tuple(bodies),
            words=WORDS,
            raises=(*MALFORMED, WebhookRejection),
        )
    )
