"""Shared by the public pages: checks of requests, and headers of responses."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    QueryDict,
    UnreadablePostError,
)
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt

from campaigns.brands.face import Face, hash_of
from sandbox import Failed
from tracking import rate_limits, recording, rejected_requests
from tracking.events import sanitize
from tracking.rate_limits import Limit

logger = logging.getLogger(__name__)
View = Callable[..., HttpResponse]

MAX_BODY = 10_000  # bytes; the largest form of ours has a few hundred
BARE_POLICY = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def public(
    endpoint: str, *methods: str, needs_form: bool = True, most_bytes: int = MAX_BODY
) -> Callable[[View], View]:
    """Decorator for a view that is accessed by a token alone, without cookies or a CSRF token.

    Rejects other methods and, with `needs_form`, larger bodies and invalid forms, and counts them.
    The token in the URL is a secret: it is kept from referrers, caches and search engines.
    """

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                rejected = _rejected(request, endpoint, methods, needs_form and most_bytes)
                response = rejected or view(request, *args, **kwargs)
            except Failed as error:
                response = _busy(request, endpoint, error)
            response.headers.setdefault("Content-Security-Policy", BARE_POLICY)
            response.headers["Cache-Control"] = "no-store"
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Robots-Tag"] = "noindex"
            rejected_requests.write_due()
            return response

        return guarded

    return decorate


def _busy(request: HttpRequest, endpoint: str, error: Failed) -> HttpResponse:
    logger.warning("%s: %s", endpoint, error)
    response = page(request, "busy", status=503)
    response.headers["Retry-After"] = "10"
    return response


def _rejected(
    request: HttpRequest, endpoint: str, methods: tuple[str, ...], most_bytes: int
) -> HttpResponse | None:
    """`most_bytes` are those of a form; 0 where none is needed."""
    if request.method not in methods:
        return reject(request, endpoint, "method") or HttpResponseNotAllowed(methods)
    if most_bytes and not _is_small(request, most_bytes):
        return reject(request, endpoint, gettext_noop("too large")) or HttpResponse(status=413)
    if request.method == "POST" and most_bytes and not _can_be_read(request):
        return reject(request, endpoint, "form") or HttpResponse(status=400)
    return None


def _is_small(request: HttpRequest, most_bytes: int = MAX_BODY) -> bool:
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    return re.fullmatch(r"\d{1,9}", length, re.ASCII) is not None and int(length) <= most_bytes


def _can_be_read(request: HttpRequest) -> bool:
    """Read the form here, so that an invalid one is rejected like any other bad request."""
    # Any declared charset is ignored: the form is ASCII, and Django accepts only this one.
    request.encoding = "utf-8"
    try:
        return request.POST is not None
    except (BadRequest, MultiPartParserError, SuspiciousOperation, UnreadablePostError):
        return False


def form_of(request: HttpRequest) -> QueryDict:
    """The posted form; an empty one for a body that is invalid or too large."""
    return request.POST if _is_small(request) and _can_be_read(request) else QueryDict()


def of_test(request: HttpRequest, effect: str) -> HttpResponse:
    """The response to a link in a test message. `effect` says what the link does in real ones."""
    return page(request, "test", {"effect": effect})


def not_found(request: HttpRequest, endpoint: str) -> HttpResponse:
    """The one response to a token that is forged, damaged, or of a deleted object."""
    return reject(request, endpoint, "token") or page(request, "not_found", status=404)


def reject(request: HttpRequest, endpoint: str, reason: str) -> HttpResponse | None:
    """Count a rejected request. Returns a response when its network makes too many, else None."""
    network = sanitize.network(recording.client_address(request))
    if wait := rate_limits.seconds_to_wait(rate_limits.BAD_REQUESTS, network):
        return too_many(request, endpoint, wait)
    rejected_requests.count(endpoint, reason)
    return None


def limited(
    request: HttpRequest, endpoint: str, limit: Limit, subtask_id: int
) -> HttpResponse | None:
    """Use one of the limit of a message. Returns a response when it is used up."""
    if wait := rate_limits.seconds_to_wait(limit, f"{endpoint} {subtask_id}"):
        return too_many(request, endpoint, wait)
    return None


def too_many(request: HttpRequest, endpoint: str, wait: int) -> HttpResponse:
    """The response to one more than a limit allows; counted together with others."""
    rejected_requests.count_later(endpoint, "limit")
    response = page(request, "too_many", status=429)
    response.headers["Retry-After"] = str(wait)
    return response


def shows(request: HttpRequest, face_of: Callable[[], Face]) -> None:
    """From here on the pages that answer this request look like whom its token is from; those for
    errors, too. Asked only once there is a page to show.
    """
    request.face_of = face_of  # type: ignore[attr-defined]


def page(
    request: HttpRequest, name: str, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """A page from templates/tracking/, or of another folder that is named, in the language of the
    reader."""
    template = name if "/" in name else f"tracking/{name}"
    face = getattr(request, "face_of", Face)()
    response = render(request, f"{template}.html", {"face": face, **(context or {})}, status=status)
    response.headers["Content-Security-Policy"] = policy_of(face)
    return response


def policy_of(face: Face) -> str:
    """Its one style sheet, and its logo from where this site keeps pictures."""
    images = f" img-src {face.logo.source};" if face.logo else ""
    return (
        f"default-src 'none'; style-src {hash_of(face.css)};{images} form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
