"""A post to the right address of a webhook costs no more than its size, whatever is in it."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.utils import timezone

from dispatch.providers import find_provider, hooks
from dispatch.providers.hooks import Post
from dispatch.providers.webhooks import webhook_url
from edm_project.wsgi import largest_body
from tests.dispatch.providers.webhook_posts import PAYLOADS, SECRETS, post, send, service_of, signed
from tests.security.scaling import assert_linear
from tracking.events import inbox
from tracking.models import Event

pytestmark = pytest.mark.django_db

EACH = sorted(PAYLOADS)
ARRAYS = sorted(set(EACH) - {"mailgun", "ses"})


def event(provider: str) -> Any:
    body = PAYLOADS[provider][0]["body"]
    return body[0] if isinstance(body, list) else body


def ses(recipients: list[str], **more: Any) -> dict[str, Any]:
    body = dict(event("ses"))
    told = json.loads(body["Message"])
    told["mail"]["destination"] = recipients
    body["Message"] = json.dumps({**told, "delivery": {"recipients": recipients}, **more})
    return body


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 5_000_000,
        b"[[],[]," * 700_000,
        b'{"a":' * 800_000,
        b"[" + b"{}," * 1_600_000 + b"{}]",
        b"[" + b"9" * 4_000_000 + b"]",
        b"[" + (b"9" * 4_299 + b",") * 1_000 + b"1]",
        b'"' + b"\\u0000" * 800_000 + b'"',
        b'{"a": "' + b"x" * 5_000_000 + b'"}',
        b"{" + b'"a": 1,' * 600_000 + b'"a": 1}',
        b"1e" + b"9" * 1_000_000,
        b"\xff\xfe" * 2_000_000,
    ],
    ids=lambda body: body[:12],
)
@pytest.mark.parametrize("provider", ["engagelab", "sendgrid", "ses"])
def test_nonsense_of_five_megabytes_is_refused(provider: str, body: bytes) -> None:
    assert len(body) <= settings.WEBHOOK_MAX_BYTES
    assert post(service_of(provider), body).status_code == 400
    assert not Event.objects.exists()


@pytest.mark.parametrize("provider", ARRAYS)
def test_more_events_than_any_provider_posts_at_once_are_refused(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "MOST_EVENTS", 20)
    service = service_of(provider)
    assert post(service, [event(provider)] * 20).status_code == 200
    Event.objects.all().delete()
    assert post(service, [event(provider)] * 21).status_code == 400
    assert not Event.objects.exists()


def test_a_notification_of_many_recipients_is_refused() -> None:
    service = service_of("ses")
    assert post(service, ses([f"r{n}@example.org" for n in range(50)])).status_code == 200
    assert Event.objects.count() == 50
    assert post(service, ses([f"q{n}@example.org" for n in range(100_000)])).status_code == 400
    assert Event.objects.count() == 50


def test_a_payload_is_not_stored_for_each_of_many_recipients() -> None:
    recipients = [f"r{n}@example.org" for n in range(50)]
    post(service_of("ses"), ses(recipients, padding="x" * 9_000))
    stored = sum(len(json.dumps(event.raw)) for event in Event.objects.all())
    assert stored < 6 * 20_000


@pytest.mark.parametrize("provider", EACH)
def test_a_compressed_body_is_not_expanded(provider: str) -> None:
    body = gzip.compress(b" " * 500_000_000, 1) if provider == "brevo" else gzip.compress(b"{}")
    body, headers = signed(provider, body)
    answer = send(webhook_url(service_of(provider)), body, {**headers, "Content-Encoding": "gzip"})
    assert answer.status_code in (400, 401)


@pytest.mark.parametrize("provider", ["brevo", "mailgun", "sendgrid"])
@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
)
def test_a_form_is_not_parsed(provider: str, content_type: str) -> None:
    body = b"&".join(b"a%d=" % n for n in range(400_000))
    service = service_of(provider)
    path = "/hooks/" + webhook_url(service).partition("/hooks/")[2]
    data, headers = signed(provider, body)
    answer = Client().post(path, data, content_type=content_type, headers=headers)
    assert answer.status_code in (400, 401)


def read(provider: str, body: bytes) -> None:
    """Read a body as the webhook does, as far as the database."""
    data, headers = signed(provider, body)
    request = RequestFactory().post("/", data, content_type="application/json", headers=headers)
    found = find_provider(provider)
    assert found is not None
    for told in found.incoming(Post(request, 1, SECRETS[provider], timezone.now())):
        inbox._row(told)


def long_texts(value: Any, length: int) -> Any:
    """The event with every text in it made so long, by what parsers stumble over."""
    match value:
        case dict():
            return {name: long_texts(item, length) for name, item in value.items()}
        case list():
            return [long_texts(item, length) for item in value]
        case str():
            return value + "<a@b>,\"' (" * (length // 10)
    return value


@pytest.mark.parametrize("provider", ARRAYS)
def test_reading_events_takes_time_in_proportion_to_their_number(provider: str) -> None:
    def make(size: int) -> tuple[str, bytes]:
        return provider, json.dumps([event(provider)] * size).encode()

    assert_linear(read, make, start=100, largest=8_000, raises=hooks.MALFORMED)


@pytest.mark.parametrize("provider", EACH)
def test_reading_long_texts_takes_time_in_proportion_to_their_length(provider: str) -> None:
    def make(size: int) -> tuple[str, bytes]:
        return provider, json.dumps(long_texts(event(provider), size)).encode()

    assert_linear(
        read, make, start=500, largest=16_000, raises=(*hooks.MALFORMED, hooks.WebhookRejection)
    )


def test_a_body_without_a_length_is_read_as_far_as_its_page_takes_one() -> None:
    assert largest_body("/u/x") < 1_000_000
    assert largest_body("/hooks/brevo/x/") == settings.WEBHOOK_MAX_BYTES
    assert largest_body("/admin/x/") == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
