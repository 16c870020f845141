"""Serve pictures to the recipients of messages."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from campaigns.models import ImageData

YEAR = 31_536_000
TYPES = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif"}


@require_safe
def image(request: HttpRequest, name: str) -> HttpResponse:
    """A picture from the database. Its address names its content, so it may be kept for ever."""
    tag = f'"{name}"'
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        found = ImageData.objects.filter(name=name).first()
        if found is None:
            raise Http404(gettext("There is no such picture, or it was deleted."))
        response = HttpResponse(bytes(found.data), content_type=TYPES[name.rpartition(".")[2]])
    response["ETag"] = tag
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
