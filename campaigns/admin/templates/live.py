"""The live preview beside the text: a page of its own, shown in a frame, of what is not saved yet.

It is made as a message is made. Its policy lets a message have its styles and images, which the
page with the form does not allow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django import forms
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.clickjacking import xframe_options_sameorigin

from addressing.addresses import as_written
from admin_kit.base import OwnedAdmin, Visitor, staff
from campaigns.admin.seeing import colour_scheme
from campaigns.admin.seeing.preview import FRAMED, MESSAGE_POLICY, PICKS, VIEWS
from campaigns.models import Contact, Template
from campaigns.preflight import notices, previews, samples, variables, whom
from campaigns.rendering import content
from sandbox import Failed

FRAME_POLICY = {**MESSAGE_POLICY, "script-src": [NONE], "frame-ancestors": [SELF]}
LIVE_MEDIA = forms.Media(js=["edm/live_preview.js", "edm/places.js"])
FRAME = "admin/campaigns/template/live_frame.html"
VARIABLES = "admin/campaigns/template/variables.html"
PREFIX = "see"
MESSAGE = ("subject", "preview_text", "html", "mjml", "blocks", "text", "__all__")
"""The fields that a preview depends upon."""
MOST, SECONDS = 60, 20
"""The most previews of one user in so many seconds, by the cache that processes may share."""
_LINE = re.compile(r"\bline ([0-9]{1,7})\b")


TEXTS = ("subject", "html", "mjml", "text", "blocks")
"""Of them, those in which something is written when a message is begun."""
NO_SUBJECT = "…"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field, and at which line, 0 for the whole, or in which block."""

    field: str
    message: str
    block: str = ""

    @property
    def line(self) -> int:
        found = _LINE.search(self.message)
        return int(found[1]) if found else 0


@dataclass(slots=True)
class Live:
    """What the frame shows. `found` are the contacts that a search leads to. What is `unfinished`
    is not wrong, but only not written yet.
    """

    view: str
    scheme: str
    problems: list[Problem] = field(default_factory=list)
    unfinished: list[Problem] = field(default_factory=list)
    is_begun: bool = True
    contact: Contact | None = None
    found: list[Contact] = field(default_factory=list)
    sender: str = ""
    preview: previews.Preview | None = None
    notices: list[str] = field(default_factory=list)

    @property
    def who(self) -> str:
        return str(self.contact) if self.contact else gettext("sample values")

    @property
    def address(self) -> str:
        return as_written(self.contact.email) if self.contact else ""

    @property
    def message(self) -> str:
        marked = self.preview.marked if self.preview else ""
        return colour_scheme.as_seen(marked, scheme=self.scheme)

    @property
    def about_colours(self) -> str:
        marked = self.preview.marked if self.preview else ""
        return colour_scheme.what_is_shown(marked, self.scheme) if self.view in FRAMED else ""

    @property
    def kilobytes(self) -> int:
        rendered = self.preview.rendered if self.preview else None
        return -(-len(bytes(rendered.html_pieces)) // 1024) if rendered else 0


class LiveForm(forms.Form):
    """How and as whom the message is seen."""

    contact = forms.CharField(required=False, max_length=254)
    view = forms.ChoiceField(choices=VIEWS, required=False, initial="desktop")
    dark = forms.ChoiceField(choices=colour_scheme.SCHEMES, required=False)
    pick = forms.ChoiceField(choices=PICKS, required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, prefix=PREFIX)

    def asked(self, name: str) -> Any:
        self.is_valid()
        return self.cleaned_data.get(name) or self.fields[name].initial or ""


class LivePreview(OwnedAdmin):
    def get_urls(self) -> list[URLPattern]:
        own: Any = self.admin_site.admin_view
        return [
            path("add/live/", own(self.live_of_new_view), name="campaigns_template_live_of_new"),
            path("<path:object_id>/live/", own(self.live_view), name="campaigns_template_live"),
            path(
                "add/variables/",
                own(self.variables_of_new_view),
                name="campaigns_template_variables_of_new",
            ),
            path(
                "<path:object_id>/variables/",
                own(self.variables_view),
                name="campaigns_template_variables",
            ),
            *super().get_urls(),
        ]

    def live_panel(self, template: Template | None) -> dict[str, Any]:
        """For the page with the form."""
        of, keys = ("", [template.pk]) if template else ("_of_new", [])
        return {
            "live": {
                "url": self.url(f"live{of}", *keys),
                "variables_url": self.url(f"variables{of}", *keys),
                "views": VIEWS,
                "schemes": colour_scheme.SCHEMES,
                "picks": PICKS,
                "prefix": PREFIX,
            }
        }

    def variables_of_new_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return _variables(request, staff(request).pk)

    def variables_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return _variables(request, self.visible(request, object_id).owner_id)

    def live_of_new_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._frame(request, None)

    def live_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        template = self.visible(request, object_id)
        if request.method == "POST" and not self.has_change_permission(request, template):
            raise PermissionDenied
        return self._frame(request, template)

    @method_decorator(xframe_options_sameorigin)
    @method_decorator(csp_replace(FRAME_POLICY))
    def _frame(self, request: HttpRequest, saved: Template | None) -> HttpResponse:
        if _is_too_often(request):
            return render(request, FRAME, {"too_often": True}, status=429)
        posted = request.method == "POST"
        asked = LiveForm(request.POST if posted else request.GET)
        live = Live(asked.asked("view"), asked.asked("dark"))
        template = self._posted(request, saved, live) if posted else saved
        if template is not None:
            _choose(live, asked, template, request.user)
            if live.is_begun and not live.problems:
                _see(live, template)
        return render(request, FRAME, {"live": live})

    def _posted(self, request: HttpRequest, saved: Template | None, live: Live) -> Template:
        """The text as posted, saved nowhere; `live` is told what is wrong with the message."""
        form = self.get_form(request, saved, change=saved is not None)
        bound = form(request.POST, instance=saved)
        _tell_problems(live, bound)
        template: Template = bound.instance
        return template


def _tell_problems(live: Live, form: Any) -> None:
    """Where nothing is written yet, nothing is wrong."""
    written = {name for name in TEXTS if name in form.fields and form[name].value()}
    empty = [name for name in TEXTS if name in form.errors and name not in written]
    left_out = getattr(form, "left_out", [])
    if written:
        live.unfinished = [Problem("blocks", each.message, each.block) for each in left_out]
        live.unfinished += [
            Problem(name, gettext("%(label)s is still empty.") % {"label": form[name].label})
            for name in empty
        ]
    live.problems = [
        Problem(name, str(message))
        for name, messages in form.errors.items()
        if name in MESSAGE and name not in empty and not (name == "blocks" and left_out)
        for message in messages
    ]
    live.is_begun = not {"html", "mjml", "blocks"} & set(form.errors)
    if "subject" in empty:
        form.instance.subject = NO_SUBJECT


def _variables(request: HttpRequest, owner_id: int) -> HttpResponse:
    """Examples are contacts' values: only for staff who may see these."""
    found, total = variables.listed(owner_id)
    context = {
        "variables": found,
        "total": total,
        "shows_examples": request.user.has_perm("campaigns.view_contact"),
    }
    return render(request, VARIABLES, context)


def _is_too_often(request: HttpRequest) -> bool:
    key = f"live-preview-{staff(request).pk}"
    cache.add(key, 0, SECONDS)
    try:
        return cache.incr(key) > MOST
    except ValueError:  # it has just run out
        return False


def _choose(live: Live, asked: LiveForm, template: Template, user: Visitor) -> None:
    """The contact that is asked for; without one, the owner's first."""
    contacts = Contact.objects.visible_to(user).filter(owner=template.owner_id)
    words, pick = asked.asked("contact"), asked.asked("pick")
    if not user.has_perm("campaigns.view_contact"):
        words = pick = ""
    live.found = whom.search(contacts, words, user) if words else []
    live.contact = next(iter(live.found), None) if words else contacts.order_by("pk").first()
    if words and not live.found:
        live.problems.append(
            Problem(
                "contact",
                gettext("No contact has “%(words)s” in name or address.") % {"words": words},
            )
        )
    elif pick:
        live.contact = whom.pick(pick, template, contacts, live.contact) or live.contact


def _see(live: Live, template: Template) -> None:
    sender = samples.usual_sender(template)
    live.sender = str(sender)
    try:
        live.preview = previews.preview(template, live.contact, sender)
        live.notices = notices.of_template(template)
    except content.ContentError as error:
        live.problems.append(Problem(error.part, str(error)))
    except Failed:
        live.problems.append(Problem("__all__", str(content.NOT_NOW)))
