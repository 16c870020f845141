"""Reports of Amazon SES that come by mail, through a topic that a mailbox is subscribed to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from addressing.message_ids import message_id
from dispatch.bounces import return_path
from dispatch.bounces.understanding import (
    FORGED,
    NO_REPORT,
    OTHER_FEEDBACK,
    UNKNOWN,
    Told,
    understand,
)
from tests.dispatch.providers.webhook_posts import PAYLOADS
from tracking.event_kinds import EventKind

HEADERS = (
    b"From: Events <no-reply@sns.amazonaws.com>\nTo: bounces@bounce.north.example.com\n"
    b"Subject: AWS Notification Message\nMessage-ID: <1@eu-west-1.amazonses.com>\n"
    b"x-amz-sns-message-id: ad6bdf42-f483-5bae-bf50-8fc1aad3f981\n\n"
)
FOOTER = b"\n\n--\nIf you wish to stop receiving notifications from this topic, visit the link.\n"
SOURCE = return_path.address(7, "bounce.north.example.com")


def event(name: str, source: str = SOURCE, **headers: str) -> dict[str, Any]:
    case = next(each for each in PAYLOADS["ses"] if each["event"] == name)
    told: dict[str, Any] = json.loads(case["body"]["Message"])
    told["mail"]["source"] = source
    told["mail"]["headers"] += [
        {"name": name.replace("_", "-"), "value": value} for name, value in headers.items()
    ]
    return told


def by_mail(told: Any) -> bytes:
    return HEADERS + json.dumps(told).encode() + FOOTER


def kind_of(raw: bytes) -> EventKind:
    meaning = understand(raw)
    assert isinstance(meaning, Told), meaning
    assert meaning.event.subtask_id == 7
    return meaning.event.kind


REPORTED = [
    (each["event"], each["expect"]["kind"])
    for each in PAYLOADS["ses"]
    if (each["expect"] or {}).get("kind")
    in ("hard_bounced", "soft_bounced", "rejected", "deferred", "delivered", "complained")
    and "mail" in json.loads(each["body"]["Message"])
]


@pytest.mark.parametrize(("name", "kind"), REPORTED)
def test_what_ses_reports_is_what_it_is_at_the_webhook(name: str, kind: str) -> None:
    assert kind_of(by_mail(event(name))) == kind


def test_it_may_be_in_the_envelope_of_sns() -> None:
    told = {"Type": "Notification", "Message": json.dumps(event("permanent bounce"))}
    assert kind_of(by_mail(told)) == EventKind.HARD_BOUNCED


def test_a_line_that_a_server_has_broken_is_put_together() -> None:
    raw = by_mail(event("permanent bounce"))
    middle = raw.index(b"bounceType") + 4
    assert kind_of(raw[:middle] + b"!\n " + raw[middle:]) == EventKind.HARD_BOUNCED


def test_the_message_id_of_ours_tells_which_message_it_is_about() -> None:
    told = event(
        "permanent bounce", "news@north.example.com", Message_ID=message_id(7, "north.example")
    )
    assert kind_of(by_mail(told)) == EventKind.HARD_BOUNCED


def test_what_names_no_message_of_ours_or_a_forged_one_is_set_aside() -> None:
    assert understand(by_mail(event("permanent bounce", "news@north.example.com"))) == UNKNOWN
    forged = SOURCE[:-30].replace("bounces+a", "bounces+b") + SOURCE[-30:]
    assert understand(by_mail(event("permanent bounce", forged))) == FORGED


def test_an_automatic_reply_and_an_open_say_nothing() -> None:
    assert understand(by_mail(event("automatic reply"))) == OTHER_FEEDBACK
    assert understand(by_mail(event("open"))) == OTHER_FEEDBACK


@pytest.mark.parametrize("said", [b"", b"[]", b"{", b"{}", b'{"mail": 1}', b"[" * 20_000, b"7"])
def test_what_is_no_report_is_set_aside(said: bytes) -> None:
    assert understand(HEADERS + said) == NO_REPORT
