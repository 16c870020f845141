"""What a provider takes for a hard bounce, when the server's words blame something else."""

from __future__ import annotations

import json

import pytest

from tests.dispatch.providers.webhook_posts import PAYLOADS, post, service_of
from tracking.event_kinds import EventKind
from tracking.models import Event

pytestmark = pytest.mark.django_db

REPLIES = {
    "brevo": "550 5.1.1 no such user",
    "engagelab": "550 5.1.1 no such user",
    "mailgun": "5.1.1 The email account that you tried to reach does not exist.",
    "postmark": "550 5.1.1 The email account that you tried to reach does not exist",
    "sendgrid": "550 5.1.1 no such user",
    "ses": "550 5.1.1 user unknown",
    "sparkpost": "550 5.1.1 unknown user",
}
"""What the server says in the hard bounces among the payloads."""

OTHERS = [
    ("550 5.1.1 192.0.2.1 has sent to too many recipients this hour", EventKind.REJECTED),
    ("550 5.1.1 sender rejected", EventKind.REJECTED),
    ("550 5.1.0 not allowed by the SPF record of the sender", EventKind.REJECTED),
    ("554 5.1.3 listed at zen.spamhaus.example", EventKind.REJECTED),
    ("552 5.1.1 Over quota", EventKind.SOFT_BOUNCED),
]


def kinds_of(provider: str, reply: str) -> set[str]:
    """Of all hard bounces of a provider that pass a reply on, with this one instead."""
    service = service_of(provider)
    for case in PAYLOADS[provider]:
        body = json.dumps(case["body"])
        is_hard = (case["expect"] or {}).get("kind") == EventKind.HARD_BOUNCED
        if is_hard and REPLIES[provider] in body:
            told = json.loads(body.replace(REPLIES[provider], reply))
            assert post(service, told).status_code == 200
    return set(Event.objects.values_list("kind", flat=True))


@pytest.mark.parametrize("provider", REPLIES)
@pytest.mark.parametrize(("reply", "kind"), OTHERS)
def test_a_reply_that_blames_others_is_no_hard_bounce(
    provider: str, reply: str, kind: EventKind
) -> None:
    assert kinds_of(provider, reply) == {kind}


@pytest.mark.parametrize("provider", REPLIES)
@pytest.mark.parametrize(
    "reply", ["550 5.2.1 User Unknown", "550 5.1.1 unknown in relay recipient table"]
)
def test_a_reply_that_blames_the_address_is_one(provider: str, reply: str) -> None:
    assert kinds_of(provider, reply) == {EventKind.HARD_BOUNCED}
