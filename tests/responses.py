"""What Django's test client returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as ClientResponse
else:
    ClientResponse = HttpResponse  # the client adds `context`, `client` and more to it

__all__ = ["ClientResponse"]
