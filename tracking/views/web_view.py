"""The message in a browser, as it was sent."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext

from admin_kit.words.listing import listed
from campaigns import erased_keys
from campaigns.models import Content, FrozenAttachment, SubTask
from campaigns.rendering import content
from tracking import rate_limits
from tracking.links import personalise
from tracking.links.tokens import Purpose, read
from tracking.views import faces
from tracking.views.public import limited, not_found, of_test, public, shows

# Templates by staff are shown on the site where they log in: no scripts, an origin of its own.
MESSAGE_POLICY = (
    "default-src 'none'; img-src http: https: data:; media-src http: https:; "
    "style-src 'unsafe-inline' http: https:; font-src http: https: data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@public("web view", "GET", "HEAD")
def web_view(request: HttpRequest, token: str) -> HttpResponse:
    """Rendered again from the frozen content, with its sender below. Viewing it is not recorded."""
    ids = read(Purpose.WEB_VIEW, token)
    if ids == (personalise.TEST,):
        return of_test(request, gettext("This link shows the message in the browser."))
    if ids:
        shows(request, partial(faces.of_message, *ids))
    if ids and (too_many := limited(request, "web view", rate_limits.PAGES, *ids)):
        return too_many
    html = _html(*ids) if ids else None
    if html is None:
        return not_found(request, "web view")
    response = HttpResponse(html)
    response.headers["Content-Security-Policy"] = MESSAGE_POLICY
    return response


def _html(subtask_id: int) -> str | None:
    subtask = SubTask.objects.filter(pk=subtask_id).select_related("content").first()
    if subtask is None or erased_keys.is_placeholder(subtask.recipient_email):
        return None
    at = subtask.sending_at or subtask.sent_at
    variables = personalise.variables(subtask.pk, subtask.content, subtask.variables, at)
    try:
        html = content.render(subtask.content, {**variables, personalise.OPEN_URL: ""}).html
    except content.RenderError:
        return None
    files = _files(subtask.content) if subtask.content.attachment_count else ""
    return html + files + _sender(subtask.pk)


def _sender(subtask_id: int) -> str:
    """In a page the message stands without the name that a mailbox shows beside it."""
    face = faces.of_message(subtask_id)
    return render_to_string("tracking/below_message.html", {"face": face}).strip()


def _files(frozen: Content) -> str:
    """That there were files: they are in the mail, and nowhere else."""
    files = FrozenAttachment.objects.filter(content=frozen).order_by("pk")
    names = listed(files.values_list("name", flat=True))
    said = gettext("The message came with files, which are only in the mail: %(names)s.")
    return format_html(
        '<p style="font-family: sans-serif; padding: 16px; text-align: center">{}</p>',
        said % {"names": names},
    )
