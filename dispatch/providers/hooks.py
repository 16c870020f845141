"""Verify and read requests to the webhook address of a service."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import itertools
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext_noop

from tracking import rejected_requests
from tracking.events.incoming import Incoming

logger = logging.getLogger(__name__)

WEBHOOK_USER = "webhook"
MOST_WRONG = 100
"""A body with more events that make no sense is refused as a whole."""
MOST_PARTS = 500_000
"""Objects, arrays and values in a body, roughly. Parsed, each takes some hundred bytes."""
MOST_EVENTS = 10_000
"""Events in a body; SparkPost, whose batches are the largest, posts at most so many."""
MOST_OF_ONE = 50
"""Recipients that one object tells about; SES sends to no more."""
MOST_PAYLOADS = 5
"""Of the events of one object, so many keep its payload, so that it is not stored for each."""
LONGEST_FIELD = 5_000
"""Characters of a text that are passed on; what is stored is shorter still."""


class WebhookRejection(Exception):
    """The request is not proven to come from the provider, or is an old one played back."""


class NotNow(Exception):
    """It cannot be told at present whether the provider sent this: it may send it again."""


class Malformed(Exception):
    """It does not look like what the provider documents."""


MALFORMED = (
    Malformed,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    OSError,
    # Of a form, where Django reads it.
    BadRequest,
    SuspiciousOperation,
    MultiPartParserError,
)
"""What reading a payload may raise that is not what the provider documents."""


@dataclass(frozen=True, slots=True)
class Post:
    """A request to the webhook address of a service. `now` is by the database's clock."""

    request: HttpRequest
    service_id: int
    settings: Mapping[str, Any]
    now: dt.datetime

    def header(self, name: str) -> str:
        """ "" when there is none."""
        return str(self.request.headers.get(name, ""))

    def secret(self, name: str) -> str:
        """A secret from the service's settings; "" when it has none."""
        return str(self.settings.get(name) or "")

    def json(self) -> Any:
        """The whole body. Raises Malformed."""
        body = self.request.body
        if sum(body.count(sign) for sign in (b"{", b"[", b",")) > MOST_PARTS:
            raise Malformed(gettext_noop("too many values"))
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Malformed(gettext_noop("the body is not JSON")) from error


def each(
    told: Any, read: Callable[[Mapping[str, Any]], Iterable[Incoming]], source: str
) -> list[Incoming]:
    """The events in one object, or in an array of them, of which each is `read` by itself.

    One that makes no sense is left out, logged and counted, and must not take the others with it:
    all would be told again just as broken. Raises Malformed when none makes sense, or too many do
    not.
    """
    objects = told if isinstance(told, list) else [told]
    if len(objects) > MOST_EVENTS:
        raise Malformed(gettext_noop("too many events"))
    found: list[Incoming] = []
    spoiled: list[str] = []
    for one in objects:
        try:
            if not isinstance(one, dict):
                raise Malformed(gettext_noop("not an object"))
            found += of_one(read(one))
        except MALFORMED as error:
            spoiled.append(f"{type(error).__name__}: {error}"[:200])
            if len(spoiled) in (MOST_WRONG + 1, len(objects)):
                raise Malformed(spoiled[0]) from error
        if len(found) > MOST_EVENTS:
            raise Malformed(gettext_noop("too many events"))
    if spoiled:
        logger.warning(
            "%s: %d events that make no sense were left out (%r)", source, len(spoiled), spoiled[0]
        )
        rejected_requests.count(
            f"webhook {source}",
            gettext_noop("malformed event"),
            len(spoiled),
        )
    return found


def of_one(events: Iterable[Incoming]) -> list[Incoming]:
    """The events that one object tells, of which only the first keep its payload. Raises Malformed
    when they are more than its provider could mean.
    """
    found = list(itertools.islice(events, MOST_OF_ONE + 1))
    if len(found) > MOST_OF_ONE:
        raise Malformed(gettext_noop("too many recipients"))
    others = [replace(event, raw={}) for event in found[MOST_PAYLOADS:]]
    return found[:MOST_PAYLOADS] + others


def check_password(post: Post) -> None:
    """HTTP basic authentication. Raises WebhookRejection."""
    password = post.secret("webhook_password")
    scheme, _, encoded = post.header("Authorization").partition(" ")
    expected = base64.b64encode(f"{WEBHOOK_USER}:{password}".encode())
    if scheme.lower() != "basic" or not hmac.compare_digest(encoded.strip().encode(), expected):
        raise WebhookRejection(gettext_noop("wrong or missing webhook password"))


def check_equal(given: str, *expected: str) -> None:
    """Whether a signature is one of those expected, in constant time. Raises WebhookRejection."""
    matches = [hmac.compare_digest(given.encode(), each.encode()) for each in expected]
    if not any(matches):
        raise WebhookRejection(gettext_noop("wrong signature"))


def check_fresh(timestamp: str, now: dt.datetime, at_most: dt.timedelta) -> None:
    """`timestamp` is in seconds or milliseconds since 1970. Raises WebhookRejection for one that is
    further away from `now`.
    """
    try:
        seconds = float(timestamp)
    except ValueError as error:
        raise WebhookRejection(gettext_noop("no timestamp")) from error
    if seconds > 1e11:
        seconds /= 1000
    if not abs(seconds - now.timestamp()) <= at_most.total_seconds():
        raise WebhookRejection(gettext_noop("stale timestamp"))


def fingerprint(*parts: object) -> str:
    """A key that is the same for the same parts, and different for any others."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()


def from_epoch(value: Any, unit: float = 1.0) -> dt.datetime | None:
    """Seconds times `unit` since 1970 as a time; None for what is none."""
    try:
        return dt.datetime.fromtimestamp(float(value) * unit, tz=dt.UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def subtask_id(value: Any) -> int | None:
    """The id of a SubTask as we sent it along; None for anything else."""
    words = str(value)
    return int(words) if words.isascii() and words.isdigit() and len(words) < 20 else None


def text(value: Any) -> str:
    """The beginning of `value` as text, "" for none. The inbox cuts and cleans it."""
    return "" if value is None else str(value)[:LONGEST_FIELD]
