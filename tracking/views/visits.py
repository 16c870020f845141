"""Open pixel and click redirect: one INSERT each, never a wait or an error for the visitor."""

from __future__ import annotations

import base64
from functools import partial

from django.http import HttpRequest, HttpResponse

from tracking import recording
from tracking.links import destinations
from tracking.links.personalise import TRAP
from tracking.links.tokens import Purpose, read
from tracking.views import faces
from tracking.views.public import not_found, page, public, reject, shows

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@public("open", "GET", "HEAD")
def open_pixel(request: HttpRequest, token: str) -> HttpResponse:
    """The same image for every token, valid or not."""
    ids = read(Purpose.OPEN, token)
    if ids is None:
        reject(request, "open", "token")
    else:
        recording.record_open(request, *ids)
    return HttpResponse(PIXEL, content_type="image/gif")


@public("click", "GET", "HEAD")
def click(request: HttpRequest, token: str) -> HttpResponse:
    """Redirect to the destination stored for this content; nothing in the request decides it."""
    ids = read(Purpose.CLICK, token, ids=2)
    if ids is None:
        return not_found(request, "click")
    subtask_id, link_id = ids
    shows(request, partial(faces.of_message, subtask_id))
    if link_id == TRAP:
        recording.record_trap(request, subtask_id)
        return page(request, "not_found", status=404)
    link = destinations.link(link_id)
    destination = link and destinations.resolve(link, subtask_id)
    if not link or not destination:
        return not_found(request, "click")
    recording.record_click(request, subtask_id, link.destination)
    return HttpResponse(status=302, headers={"Location": destinations.location(destination)})
