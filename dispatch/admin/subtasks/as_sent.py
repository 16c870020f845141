"""A message as its recipient got it, or will get it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_lazy

from addressing.addresses import as_written
from addressing.message_ids import message_id
from admin_kit.base import LedgerAdmin
from admin_kit.confirmation import page
from admin_kit.words.listing import listed
from campaigns import erased_keys
from campaigns.admin.seeing import colour_scheme
from campaigns.admin.seeing.preview import FRAMED, MESSAGE_POLICY
from campaigns.models import FrozenAttachment, SubTask
from campaigns.rendering import content
from sandbox import Failed
from tracking.links import personalise

VIEWS = (
    ("desktop", gettext_lazy("Desktop")),
    ("phone", gettext_lazy("Phone")),
    ("text", gettext_lazy("Plain text")),
    ("source", gettext_lazy("Source")),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """`rendered` is None where `trouble` says why it cannot be shown."""

    rendered: content.Rendered | None
    trouble: str = ""


class SeesMessages(LedgerAdmin):
    """For the page of a SubTask."""

    def get_urls(self) -> list[URLPattern]:
        view: Any = self.admin_site.admin_view(self.message_view)
        name = "campaigns_subtask_message"
        return [path("<path:object_id>/message/", view, name=name), *super().get_urls()]

    @method_decorator(csp_replace(MESSAGE_POLICY))
    def message_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        subtask: SubTask = self.visible(request, object_id)
        views, asked = dict(VIEWS), request.GET.get("view", "")
        view = asked if asked in views else VIEWS[0][0]
        shown = rendered(subtask)
        html = shown.rendered.html if shown.rendered else ""
        files = FrozenAttachment.objects.filter(content=subtask.content_id).order_by("pk")
        return page(
            request,
            self,
            "admin/campaigns/subtask/message.html",
            title=gettext("The message to %(address)s")
            % {"address": as_written(subtask.recipient_email)},
            original=subtask,
            shown=shown,
            sender=sender_of(subtask),
            files=listed(files.values_list("name", flat=True)),
            views=VIEWS,
            view=view,
            is_framed=view in FRAMED,
            message=colour_scheme.as_seen(html, scheme="light"),
            back_url=self.url("change", subtask.pk),
        )


def rendered(subtask: SubTask) -> Shown:
    """From what the launch froze, by the code that sends it. Its links are those of a test: to look
    at it records nothing, and nothing that is followed here is the recipient's doing.
    """
    if erased_keys.is_placeholder(subtask.recipient_email):
        return Shown(
            None, gettext("The recipient was erased, and what the message said with them.")
        )
    at = subtask.sending_at or subtask.sent_at
    frozen, recipient = subtask.content, subtask.variables
    values = {
        **personalise.variables(personalise.TEST, frozen, recipient, at),
        personalise.OPEN_URL: "",
    }
    try:
        return Shown(content.render(frozen, values))
    except content.ContentError as error:
        return Shown(None, str(error))
    except Failed:
        return Shown(None, str(content.NOT_NOW))


def sender_of(subtask: SubTask) -> str:
    """The address has the domain of the service that sends it."""
    domain = subtask.service.domain if subtask.service else "…"
    frozen = subtask.content
    address = f"{frozen.sender_local_part}@{domain}"
    return f"{frozen.sender_name} <{address}>" if frozen.sender_name else address


def message_id_of(subtask: SubTask) -> str:
    """Empty before a service is known."""
    return message_id(subtask.pk, subtask.service.domain) if subtask.service else ""
