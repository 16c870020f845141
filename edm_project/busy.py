"""When the database does not answer in time, staff get a page that says so."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

logger = logging.getLogger(__name__)


class BusyDatabaseMiddleware:
    """For time-outs of statements and locks, deadlocks and a database that is gone: nobody's
    mistake, and over in a moment.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        logger.warning("%s %s: %s", request.method, request.path, error)
        return render(
            request,
            "busy.html",
            {"changes_something": request.method == "POST"},
            status=503,
        )
