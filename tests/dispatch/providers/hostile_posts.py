"""What somebody may post to the webhook of a service who is not its provider, or not in earnest."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Iterator
from typing import NamedTuple

from dispatch.models import EmailService
from dispatch.providers.webhooks import webhook_url
from tests.dispatch.providers.webhook_posts import (
    OTHER_SECRETS,
    PAYLOADS,
    TIMED,
    TOPIC,
    Headers,
    service_of,
    signed,
)

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data"}
DAY_SECONDS = 24 * 3600
SIGNS_THE_BODY = ("resend", "sendgrid", "ses")
LARGE = 10_000_000  # bytes
BROKEN = {
    "empty": b"",
    "no JSON": b"{broken",
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "null": b"null",
    "a number": b"1e400",
    "a string": b'"event"',
    "a list of numbers": b"[1, 2]",
    "a list of lists": b"[[[]]]",
    "an empty object": b"{}",
    "deep": b"[" * 100_000,
    "a number of many digits": b'{"itime": ' + b"9" * 5000 + b"}",
    "nulls": b'{"event": null, "type": null, "msys": null, "Message": null, "status": null}',
    "lists": b'{"event": [], "type": [], "RecordType": [], "response": [], "event-data": []}',
}
"""Makes no sense to any provider."""


class HostilePost(NamedTuple):
    """`expected` are the answers that are right."""

    name: str
    url: str
    body: bytes
    headers: Headers
    expected: tuple[int, ...]
    method: str = "POST"


def everything(service: EmailService) -> Iterator[HostilePost]:
    url, provider = webhook_url(service), service.provider
    for post in (*forged(service), *malformed(service), *addresses(service)):
        name, *_ = post
        yield HostilePost(f"{provider}: {name}", *post[1:])
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        yield HostilePost(f"{provider}: {method}", url, *event(provider), (405,), method)


def event(provider: str, age: int = 0) -> tuple[bytes, Headers]:
    """As the provider tells it, about a delivery or so."""
    return signed(provider, copy.deepcopy(PAYLOADS[provider][0]["body"]), age)


Post = tuple[str, str, bytes, Headers, tuple[int, ...]]


def forged(service: EmailService) -> Iterator[Post]:
    """An event that would be taken from its provider."""
    url, provider = webhook_url(service), service.provider
    body, headers = event(provider)
    unsigned = json.dumps(PAYLOADS[provider][0]["body"]).encode()
    yield "unsigned", url, unsigned, {}, (401,)
    other = service_of(provider, **OTHER_SECRETS)
    yield "to another service", webhook_url(other), body, headers, (401,)
    for name, value in headers.items():
        if name == "X-WebHook-AppKey":  # not in one of the two signatures, and always the same
            continue
        yield f"{name} empty", url, body, {**headers, name: ""}, (401,)
        yield f"{name} cut", url, body, {**headers, name: value[:-3]}, (401,)
        yield f"{name} too long", url, body, {**headers, name: value + "A" * 5000}, (401,)
        yield f"{name} of other signs", url, body, {**headers, name: "\xe4\xf6" * 9}, (401,)
    if provider in SIGNS_THE_BODY:
        yield "changed", url, body.replace(b"4711", b"4712"), headers, (401,)
    if provider == "mailgun":
        changed = json.loads(body)
        changed["signature"]["token"] = "0" * 50
        yield "with another token", url, json.dumps(changed).encode(), headers, (401,)
    if provider == "ses":
        yield "of another topic", url, body.replace(TOPIC.encode(), b"arn:x"), headers, (401,)
    if provider in TIMED:
        for age in (-2 * DAY_SECONDS, 2 * DAY_SECONDS, 56 * 365 * DAY_SECONDS):
            yield f"signed {age} seconds ago", url, *event(provider, age), (401,)


def malformed(service: EmailService) -> Iterator[Post]:
    """As the provider would sign it, and no event of its."""
    url, provider = webhook_url(service), service.provider
    for name, body in BROKEN.items():
        yield name, url, *signed(provider, body), (200, 400, 401)
    body, headers = event(provider)
    yield "cut", url, *signed(provider, body[: len(body) // 2]), (400, 401)
    yield (
        "compressed",
        url,
        gzip.compress(body),
        {**headers, "Content-Encoding": "gzip"},
        (400, 401),
    )
    yield "a form", url, b"event=delivered&subtask=4711", FORM, (400, 401)
    yield "multipart without boundary", url, body, MULTIPART, (400, 401)
    for size in (5 * 1024 * 1024 + 1, LARGE):
        yield f"{size} bytes", url, b" " * size, headers, (413,)


def addresses(service: EmailService) -> Iterator[Post]:
    """A good event to an address that is none."""
    url, told = webhook_url(service), event(service.provider)
    key = service.webhook_key
    wrong = {
        "cut": key[:-1],
        "other case": key.swapcase(),
        "with more": key + "A",
        "of nobody": "A" * 43,
        "very long": "A" * 3000,
    }
    for name, other in wrong.items():
        yield f"key {name}", url.replace(key, other), *told, (401,)
    for name, other in {"a path": "..%2f..%2fadmin", "a NUL": "%00", "no UTF-8": "%ff"}.items():
        yield f"key {name}", url.replace(key, other), *told, (404,)
    for other in ("smtp", "pigeon", "ses" if service.provider != "ses" else "brevo"):
        moved = url.replace(f"/{service.provider}/", f"/{other}/")
        yield f"as {other}", moved, *told, (401,)
