"""What goes wrong over HTTP, and whom it blames. A provider's own rules come before the general
ones.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

import requests
from django.utils.translation import gettext_noop

from dispatch.errors import DeliveryError, OutcomeUnknown, ServiceError
from dispatch.network import AddressForbidden
from dispatch.providers.classification import Blame, Reply, Rule, first_match
from dispatch.providers.echoes import hidden, readable

LONGEST_BODY = 20_000  # characters of an answer that are looked at
MOST_CAUSES = 20  # of an error, one within the other
CERTIFICATE = re.compile(r"certificate|hostname .{1,300} doesn't match", re.IGNORECASE)
WORDLESS = ("style", "script", "title")
"""Elements of a page of which nothing is read."""

REASON_KEYS = frozenset(
    {"message", "errormessage", "error", "errors", "messages", "description", "detail", "reason"}
)
CODE_KEYS = frozenset({"code", "errorcode", "name", "__type"})

Rules = tuple[Rule[Blame], ...]

GENERAL: Rules = (
    # A gateway that heard nothing from behind it: what is there may have accepted.
    Rule(Blame.UNKNOWN, "502|504|520|524"),
    # Credentials, payment, permission; an address or a domain that the provider does not know.
    Rule(Blame.PERSON, "3..|401|402|403|404|405|410"),
    Rule(Blame.SERVICE, "408|420|421|425|429"),
    Rule(Blame.SERVICE, "5.."),
    # In conflict with another request about the same thing.
    Rule(Blame.UNKNOWN, "409"),
    Rule(Blame.MESSAGE, "4.."),
    Rule(Blame.UNKNOWN),
)


def refusal(
    response: requests.Response, rules: Rules = (), secrets: Collection[str] = ()
) -> DeliveryError:
    """The error for an answer that is no acceptance. `secrets` are hidden wherever it repeats
    them.
    """
    reply = Reply(response.text[:LONGEST_BODY], str(response.status_code))
    return first_match((*rules, *GENERAL), reply).error(
        explanation(response, secrets),
        code=response.status_code,
        retry_after_seconds=retry_after(response),
    )


def retry_after(response: requests.Response) -> float:
    """The seconds for which an answer asks to be left alone, as a number or as a time by its own
    clock; 0 when it does not say so in either way.
    """
    asked = response.headers.get("Retry-After", "")
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    try:
        until, now = (parsedate_to_datetime(each) for each in (asked, response.headers["Date"]))
        return max(0.0, (until - now).total_seconds())
    except (LookupError, TypeError, ValueError):
        return 0.0


def failure(error: Exception, has_left: bool) -> DeliveryError:
    """The error for a conversation that ended without an answer."""
    reason = _reason(error)
    if has_left:
        return OutcomeUnknown(gettext_noop("No answer came: %(reason)s") % {"reason": reason})
    needs_person = (
        bool(CERTIFICATE.search(reason))
        or isinstance(error, ValueError)
        or isinstance(_innermost(error), AddressForbidden)
    )
    return ServiceError(
        gettext_noop("Could not connect: %(reason)s") % {"reason": reason},
        needs_person=needs_person,
    )


def explanation(response: requests.Response, secrets: Collection[str] = ()) -> str:
    """What the provider says in its answer, in one line, else its HTTP status."""
    try:
        words = list(_words(response.json()))
    except (ValueError, RecursionError):
        words = [_without_markup(response.text[:LONGEST_BODY])]
    text = ": ".join(dict.fromkeys(words))
    told = text if readable(text) else f"HTTP {response.status_code} {response.reason or ''}"
    return readable(hidden(told, secrets))


def _without_markup(page: str) -> str:
    """The text of an HTML page. One pass: a server decides what is in it."""
    texts, within = [], ""
    for piece in page.split("<"):
        tag, _, text = piece.partition(">")
        name = tag[:10].lower()
        if within:
            within = "" if name.startswith(f"/{within}") else within
        else:
            within = next((each for each in WORDLESS if name.startswith(each)), "")
        if not within:
            texts.append(text)
    return " ".join(texts)


def _words(answer: Any, key: str = "") -> Iterator[str]:
    """The codes and reasons in an answer, outermost first."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            if name.lower() in REASON_KEYS | CODE_KEYS:
                yield from _words(value, name.lower())
    elif isinstance(answer, list):
        for value in answer[:5]:
            yield from _words(value, key)
    elif isinstance(answer, str) or (isinstance(answer, int) and key in CODE_KEYS):
        yield str(answer)


def _reason(error: Exception) -> str:
    """The innermost cause says most; the outer ones repeat the address."""
    cause = _innermost(error)
    if isinstance(error, requests.Timeout) or isinstance(cause, TimeoutError):
        return gettext_noop("timed out")
    if isinstance(cause, HTTPException) and not isinstance(cause, ConnectionError):
        return gettext_noop("what answers does not speak HTTP")  # what it says is not shown
    return readable(getattr(cause, "strerror", None) or str(cause)) or type(cause).__name__


def _innermost(error: BaseException) -> BaseException:
    cause = error
    for _ in range(MOST_CAUSES):
        inner = getattr(cause, "reason", None) or cause.__cause__ or cause.__context__
        if inner is None and cause.args and isinstance(cause.args[0], BaseException):
            inner = cause.args[0]
        if not isinstance(inner, BaseException):
            break
        cause = inner
    return cause
