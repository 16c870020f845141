"""What a request asks of access again and again."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from access.ownership import looked_up_once


class OwnersOnce:
    """Looks the owners that are open to a user up once in a request, which many querysets ask for.
    What is streamed after it looks anew."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with looked_up_once():
            return self.get_response(request)
