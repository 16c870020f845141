"""What comes in at the webhook address of a service: who sent it, and what it says."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from tracking import refusals
from tracking.incoming import Incoming

logger = logging.getLogger(__name__)

WEBHOOK_USER = "webhook"
MOST_WRONG = 100
"""A body with more events that make no sense is refused as a whole."""


class Refused(Exception):
    """Whoever sent this does not prove to be the provider, or it is an old request played back."""


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
        try:
            return json.loads(self.request.body)
        except (ValueError, RecursionError) as error:
            raise Malformed("the body is not JSON") from error

    def parts(self) -> Iterator[Post]:
        """The same for each event, where the body is an array of several; without headers. Raises
        Malformed.
        """
        body = self.json()
        if isinstance(body, list) and len(body) > 1:
            for event in body:
                request = SimpleNamespace(body=json.dumps([event]).encode())
                yield replace(self, request=cast(HttpRequest, request))


def read_each(source: str, post: Post, read: Callable[[Post], list[Incoming]]) -> list[Incoming]:
    """What `read` makes of the body. Of an array that makes no sense, what it makes of each event
    by itself: one that is broken must not take the others with it, for all would be told again just
    as broken. Raises one of MALFORMED when there is nothing that makes sense.
    """
    try:
        return read(post)
    except MALFORMED as error:
        found: list[Incoming] = []
        right = wrong = 0
        for part in post.parts():
            try:
                found += read(part)
                right += 1
            except MALFORMED:
                wrong += 1
            if wrong > MOST_WRONG:
                raise error from None
        if not right:
            raise
        logger.warning("%s: %d of %d events make no sense: %r", source, wrong, right + wrong, error)
    for _ in range(wrong):
        refusals.count(f"webhook {source}", "malformed event")
    return found


def check_password(post: Post) -> None:
    """HTTP basic authentication, where the service has a webhook password. Raises Refused."""
    password = post.secret("webhook_password")
    if not password:
        return
    scheme, _, encoded = post.header("Authorization").partition(" ")
    expected = base64.b64encode(f"{WEBHOOK_USER}:{password}".encode())
    if scheme.lower() != "basic" or not hmac.compare_digest(encoded.strip().encode(), expected):
        raise Refused("wrong or missing webhook password")


def check_equal(given: str, *expected: str) -> None:
    """Whether a signature is one of those expected, in constant time. Raises Refused."""
    matches = [hmac.compare_digest(given.encode(), each.encode()) for each in expected]
    if not any(matches):
        raise Refused("wrong signature")


def check_fresh(timestamp: str, now: dt.datetime, at_most: dt.timedelta) -> None:
    """`timestamp` is in seconds or milliseconds since 1970. Raises Refused for one that is further
    away from `now`.
    """
    try:
        seconds = float(timestamp)
    except ValueError as error:
        raise Refused("no timestamp") from error
    if seconds > 1e11:
        seconds /= 1000
    if not abs(seconds - now.timestamp()) <= at_most.total_seconds():
        raise Refused("stale timestamp")


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
    """`value` as text, "" for none. The ledger cuts and cleans it."""
    return "" if value is None else str(value)
