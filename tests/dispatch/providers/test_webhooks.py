"""Every event of every provider, and everything that is refused at a webhook address."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import json
import re
import time
from typing import Any

import pytest

from dispatch.providers import PROVIDERS
from dispatch.providers.webhooks import webhook_url
from tests.dispatch.providers.door import Door, first_event, refused
from tests.dispatch.providers.webhook_posts import (
    PAYLOADS,
    engagelab_headers,
    post,
    send,
    service_of,
)
from tests.http_server import Answer, HttpServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("door")]
EACH = sorted(PAYLOADS)
ARRAYS = sorted(set(EACH) - {"mailgun", "ses"})  # these two sign, or wrap, one event


def cases(enters: bool) -> list[Any]:
    """Payloads that are events here, or those that are nothing that anybody wants to know."""
    return [
        pytest.param(provider, case, id=f"{provider}: {case['event']}")
        for provider in EACH
        for case in PAYLOADS[provider]
        if (case["expect"] is not None) is enters
    ]


HAPPENED = {
    "brevo": {"2025-11-25T12:00:01.502+00:00"},
    "engagelab": {"2025-11-25T12:00:01.502+00:00"},
    "mailgun": {"2025-11-25T12:00:01.502+00:00"},
    "mailjet": {"2025-11-25T12:00:01+00:00"},
    "postmark": {
        "2026-11-25T13:02:11+00:00",
        "2026-11-25T14:12:33.600+00:00",
        "2026-11-25T15:53:33.600+00:00",
        "2026-11-25T16:05:52.300+00:00",
        "2026-11-25T16:06:52.300+00:00",
    },
    "resend": {"2026-11-25T12:00:01.502+00:00"},
    "sendgrid": {"2025-11-25T12:00:01+00:00"},
    "ses": {"2026-11-25T12:00:01.502+00:00"},
    "sparkpost": {"2025-11-25T12:00:01+00:00"},
}
TIMELESS = {"send", "reject", "rendering failure"}
"""Events of SES without a time of their own: they have that of the notification."""
PROVIDER_IDS = {
    "brevo": "<202611251200.1@smtp-relay.mailin.fr>",
    "engagelab": "1447054895514_15555555_32350_1350.sc-10_10_126_221-inbound0$ann@example.org",
    "mailgun": "<20261125120000.1.ABC@mg.example.com>",
    "mailjet": "70650219165027410",
    "postmark": "b7bc2f4a-e38e-4336-af7d-e6c392c2f817",
    "resend": "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794",
    "sendgrid": "2d4b1c3e-0f8a-4c57-9d3e-5a6b7c8d9e0f",
    "ses": "0102018f-0a1b-000000",
    "sparkpost": "11668787484950529",
}


def test_every_provider_that_takes_webhooks_has_payloads() -> None:
    assert {provider.name for provider in PROVIDERS if provider.takes_webhooks} == set(EACH)


# What providers tell


@pytest.mark.parametrize("provider, case", cases(enters=False))
def test_what_is_nothing_to_us_is_taken_and_enters_nothing(
    door: Door, provider: str, case: dict[str, Any]
) -> None:
    assert post(service_of(provider), case["body"]).status_code == 200
    assert door.entered == [] and door.refused == []


@pytest.mark.parametrize("provider, case", cases(enters=True))
def test_an_event_enters_as_what_it_is(door: Door, provider: str, case: dict[str, Any]) -> None:
    service = service_of(provider)
    assert post(service, case["body"]).status_code == 200
    (event,) = door.entered
    expected = {
        "service_id": service.pk,
        "source": provider,
        "subtask_id": 4711,
        "recipient": "ann@example.org",
        "provider_message_id": PROVIDER_IDS[provider],
        **case["expect"],
    }
    assert {name: getattr(event, name) for name in expected} == expected
    assert len(event.dedupe_key) <= 200 and event.raw


@pytest.mark.parametrize("provider", EACH)
def test_events_have_the_time_at_which_they_happened(door: Door, provider: str) -> None:
    for case in PAYLOADS[provider]:
        if provider != "ses" or case["event"] not in TIMELESS:
            post(service_of(provider), case["body"])
    times = {event.occurred_at for event in door.entered}
    assert times == {dt.datetime.fromisoformat(time) for time in HAPPENED[provider]}


@pytest.mark.parametrize("kind", sorted(TIMELESS))
def test_an_event_of_ses_without_a_time_has_that_of_its_notification(door: Door, kind: str) -> None:
    (case,) = (case for case in PAYLOADS["ses"] if case["event"] == kind)
    posted = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(seconds=60)
    post(service_of("ses"), case["body"], age=60)
    (event,) = door.entered
    assert event.occurred_at is not None
    assert posted <= event.occurred_at <= posted + dt.timedelta(seconds=30)


@pytest.mark.parametrize("provider", EACH)
def test_an_event_told_again_has_the_same_key_and_others_have_their_own(
    door: Door, provider: str
) -> None:
    service = service_of(provider)
    for age in (0, 60):
        for case in PAYLOADS[provider]:
            post(service, _distinct(provider, case), age=age)
    keys = [event.dedupe_key for event in door.entered]
    half = len(keys) // 2
    assert keys[:half] == keys[half:]
    assert len(set(keys)) == half


def _distinct(provider: str, case: dict[str, Any]) -> Any:
    """The event as if each had come at its own time, as in life."""
    body = copy.deepcopy(case["body"])
    number = PAYLOADS[provider].index(case)
    _number(body, number)
    return body


def _number(value: Any, number: int) -> None:
    clocks = {"itime", "time", "timestamp", "ts_epoch", "ID", "event_id", "sg_event_id"}
    marks = {"MessageId", "DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt", "created_at"}
    for name, item in list(value.items()) if isinstance(value, dict) else []:
        if name in clocks and isinstance(item, int | float):
            value[name] = item + number
        elif name in clocks | marks and isinstance(item, str):
            value[name] = item.replace("2026-11-25", f"2026-11-{number + 1:02}") + (
                str(number) if name in ("MessageId", "event_id", "sg_event_id") else ""
            )
        elif isinstance(item, dict | list):
            _number(item, number)
    for item in value if isinstance(value, list) else []:
        _number(item, number)


def test_several_recipients_of_one_notification_are_several_events(door: Door) -> None:
    body = copy.deepcopy(PAYLOADS["ses"][0]["body"])
    body["Message"] = body["Message"].replace(
        '"destination": ["ann@example.org"]', '"destination": ["ann@example.org", "b@example.org"]'
    )
    post(service_of("ses"), body)
    assert [event.recipient for event in door.entered] == ["ann@example.org", "b@example.org"]
    assert len({event.dedupe_key for event in door.entered}) == 2


@pytest.mark.parametrize("provider", ARRAYS)
def test_one_event_and_an_array_of_one_are_the_same(door: Door, provider: str) -> None:
    body = PAYLOADS[provider][0]["body"]
    event = body[0] if isinstance(body, list) else body
    service = service_of(provider)
    for told in (event, [event]):
        assert post(service, told).status_code == 200
    one, in_an_array = door.entered
    assert (one.kind, one.subtask_id) == (in_an_array.kind, in_an_array.subtask_id)


@pytest.mark.parametrize("provider", ARRAYS)
def test_an_event_of_an_unknown_type_is_taken_and_changes_nothing(
    door: Door, provider: str
) -> None:
    text = json.dumps(PAYLOADS[provider][0]["body"])
    names = ("target", "request", "sent", "processed", "Delivery", "email.sent", "injection")
    for name in names:
        text = text.replace(f'"{name}"', '"something new"')
    assert "something new" in text
    assert post(service_of(provider), text.encode()).status_code == 200
    assert door.entered == [] and door.refused == []


@pytest.mark.parametrize("provider", ARRAYS)
def test_an_event_without_our_marks_is_still_known_by_the_providers_id(
    door: Door, provider: str
) -> None:
    text = json.dumps(PAYLOADS[provider][1]["body"]).replace("subtask", "other")
    text = text.replace("ann@example.org", "Ann@EXAMPLE.org")
    assert post(service_of(provider), text.encode()).status_code == 200
    (event,) = door.entered
    assert event.subtask_id is None
    assert event.provider_message_id.lower() == PROVIDER_IDS[provider].lower()
    assert event.recipient == "ann@example.org"


LIKE_EVENTS = {("brevo", "{}"), ("postmark", "{}"), ("postmark", "{'event': []}")}
"""What makes no sense and looks like events of a kind that is nothing to us."""


@pytest.mark.parametrize("broken", [7, None, {}, [], {"event": []}], ids=repr)
@pytest.mark.parametrize("provider", ARRAYS)
def test_an_event_that_makes_no_sense_does_not_take_the_others_with_it(
    door: Door, provider: str, broken: dict[str, list[Any]] | int | list[Any] | None
) -> None:
    body = first_event(provider)
    good = body if isinstance(body, list) else [body]
    response = post(service_of(provider), [*good, broken, *good])
    assert response.status_code == 200
    assert len(door.entered) == 2 * len(good)
    odd = (provider, repr(broken)) not in LIKE_EVENTS
    assert door.refused == [(f"webhook {provider}", "malformed event")] * odd


@pytest.mark.parametrize("provider", ARRAYS)
def test_a_batch_of_which_most_makes_no_sense_is_refused(door: Door, provider: str) -> None:
    body = first_event(provider)
    good = body if isinstance(body, list) else [body]
    response = post(service_of(provider), [*good, *[7] * 1000])
    assert refused(door, response, 400) == "malformed"


@pytest.mark.parametrize("value", ["", "x", None, "-1", "4711 ", "²", "9" * 30, {"a": 1}])
def test_a_subtask_that_is_none_is_not_looked_for(
    door: Door, value: dict[str, int] | str | None
) -> None:
    body = first_event("engagelab")
    body["custom_args"] = {"subtask": value}
    post(service_of("engagelab"), body)
    assert door.entered[0].subtask_id is None


def test_both_documented_signatures_of_engagelab_are_taken(door: Door) -> None:
    service, now = service_of("engagelab"), int(time.time())
    digest = hashlib.md5(f"{now}emailapp-key-0a1b".encode()).hexdigest()
    url = webhook_url(service)
    body = b'{"status": {"message_status": "sent"}, "itime": 1}'
    assert send(url, body, engagelab_headers(now, digest)).status_code == 200
    milliseconds = hashlib.md5(f"{now}000emailapp-key-0a1b".encode()).hexdigest()
    headers = engagelab_headers(int(f"{now}000"), milliseconds)
    assert send(url, body, headers).status_code == 200


def test_a_subscription_of_the_services_topic_is_confirmed(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HttpServer() as amazon:
        _confirm_at(monkeypatch, amazon)
        assert post(service_of("ses"), _subscription(amazon)).status_code == 200
    (request,) = amazon.requests
    assert request.query["Action"] == ["ConfirmSubscription"]


def test_a_subscription_that_amazon_does_not_confirm_is_told_again(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HttpServer() as amazon:
        _confirm_at(monkeypatch, amazon)
        amazon.otherwise = Answer(403)
        assert post(service_of("ses"), _subscription(amazon)).status_code == 400


def test_a_subscription_is_confirmed_at_amazon_and_nowhere_else(door: Door) -> None:
    with HttpServer() as elsewhere:
        assert post(service_of("ses"), _subscription(elsewhere)).status_code == 401
    assert not elsewhere.requests


def _confirm_at(monkeypatch: pytest.MonkeyPatch, server: HttpServer) -> None:
    address = re.compile(re.escape(server.url) + ".*")
    monkeypatch.setattr("dispatch.providers.ses.events.SNS_ADDRESS", address)


def _subscription(server: HttpServer) -> dict[str, Any]:
    return {
        **first_event("ses"),
        "Type": "SubscriptionConfirmation",
        "Token": "2336412f37",
        "SubscribeURL": f"{server.url}?Action=ConfirmSubscription&Token=2336412f37",
    }
