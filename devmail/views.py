"""Pages to read the mail of the local SMTP server. For staff, and only while DEBUG is on."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from devmail.mailbox import Mailbox, Summary, default_path, parse

PAGE_SIZE = 50
# What a message brings along neither runs, nor loads anything, nor sees this site.
HTML_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
_BEFORE_HEAD = re.compile(r"\s*<!doctype[^>]*>", re.IGNORECASE)
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def for_developers(view: View[P]) -> View[P]:
    guarded: View[P] = staff_member_required(require_safe(view), login_url="admin:login")

    @wraps(view)
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not settings.DEBUG:
            raise Http404("The local mailbox exists for development only.")
        return guarded(request, *args, **kwargs)

    return wrapper


@for_developers
def mailbox(request: HttpRequest) -> HttpResponse:
    recipient = request.GET.get("recipient", "").strip()
    before = request.GET.get("before", "")
    with Mailbox(default_path()) as box:
        total = box.count(recipient)
        found = box.find(
            recipient, before=int(before) if before.isdecimal() else None, limit=PAGE_SIZE + 1
        )
    context = {
        "recipient": recipient,
        "total": total,
        "messages_found": found[:PAGE_SIZE],
        "older_than": found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None,
        "is_first_page": not before,
    }
    return render(request, "devmail/mailbox.html", context)


@for_developers
def message(request: HttpRequest, message_id: int) -> HttpResponse:
    summary, raw = _get(message_id)
    parsed = parse(raw)
    text = parsed.get_body(("plain",))
    context = {
        "summary": summary,
        "headers": [(name, str(value)) for name, value in parsed.items()],
        "has_html": parsed.get_body(("html",)) is not None,
        "text": text.get_content() if text else "",
    }
    return render(request, "devmail/message.html", context)


@for_developers
@xframe_options_sameorigin
def html(request: HttpRequest, message_id: int) -> HttpResponse:
    """The HTML part alone, for the sandboxed frame."""
    body = parse(_get(message_id)[1]).get_body(("html",))
    if body is None:
        raise Http404("This message has no HTML.")
    response = HttpResponse(_in_new_windows(body.get_content()))
    response["Content-Security-Policy"] = HTML_POLICY
    return response


def _in_new_windows(html: str) -> str:
    """The message with its links opening in windows of their own, as in a mail program: the frame
    shows nothing but messages.
    """
    start = _BEFORE_HEAD.match(html)
    at = start.end() if start else 0
    return f'{html[:at]}<base target="_blank">{html[at:]}'


@for_developers
def source(request: HttpRequest, message_id: int) -> HttpResponse:
    return HttpResponse(_get(message_id)[1], content_type="text/plain; charset=utf-8")


def _get(message_id: int) -> tuple[Summary, bytes]:
    with Mailbox(default_path()) as box:
        found = box.get(message_id)
    if found is None:
        raise Http404("There is no such message.")
    return found
