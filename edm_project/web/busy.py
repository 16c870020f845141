"""An error page for a database that does not answer in time."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.core.exceptions import TooManyFilesSent
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views import defaults

from edm_project.web.uploads import FilesTooLarge

logger = logging.getLogger(__name__)

ENDED = frozenset({"25006", "25P03", "25P04"})
"""What PostgreSQL says of a server that only reads, and of a transaction that was idle, or took too
long: of all errors in class "internal error", those that are no bug."""
RETRY_AFTER_SECONDS = 10


class BusyDatabaseMiddleware:
    """For time-outs of statements, locks and transactions, deadlocks and a database that is gone:
    these are no bugs, and soon over."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return busy(request, error) if is_trouble(error) else None


def server_error(request: HttpRequest) -> HttpResponse:
    """The page of an error that no view has raised but a middleware, as sessions do when they are
    read or saved. Called by Django while it handles the exception.
    """
    error = sys.exception()
    return busy(request, error) if is_trouble(error) else defaults.server_error(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A session that cannot be saved counts as ended, for any reason."""
    if isinstance(exception, FilesTooLarge):
        return render(request, "400.html", {"too_large": str(exception)}, status=400)
    if isinstance(exception, TooManyFilesSent):
        most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        return render(request, "400.html", {"most_files": most}, status=400)
    ended = exception.__context__
    reason = ended.__context__ if isinstance(ended, UpdateError) else None
    return busy(request, reason) if is_trouble(reason) else defaults.bad_request(request, exception)


def is_trouble(error: BaseException | None) -> bool:
    if isinstance(error, InternalError):
        return getattr(error.__cause__, "sqlstate", None) in ENDED
    return isinstance(error, OperationalError | InterfaceError)


def busy(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    # The pattern of the address, for the address may have a key or a token in it.
    route = request.resolver_match.route if request.resolver_match else "?"
    logger.warning("%s /%s: %s", request.method, route, error)
    response = render(
        request,
        "busy.html",
        {
            "changes_something": request.method == "POST",
            "is_staff_page": request.path.startswith(reverse("admin:index")),
        },
        status=503,
    )
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
