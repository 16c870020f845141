"""Templates to begin with: written in MJML, responsive, with a dark mode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from csp.decorators import csp_replace
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin, staff
from admin_kit.confirmation import page
from admin_kit.typed import button
from campaigns.admin.planning.writing import carried
from campaigns.admin.seeing.preview import MESSAGE_POLICY, Preview, preview
from campaigns.models import Sender, Template, TemplateFormat
from campaigns.rendering import content
from sandbox import Failed

FOLDER = Path(__file__).parents[2] / "starters"
STARTER = "starter"
"""In the address of the page to add a template."""


class Starter(NamedTuple):
    key: str
    """That of its file."""
    name: Any
    purpose: Any
    subject: str

    @property
    def mjml(self) -> str:
        return (FOLDER / f"{self.key}.mjml").read_text("utf-8")


SUBJECTS: dict[str, str] = json.loads((FOLDER / "subjects.json").read_text("utf-8"))
"""Each in the language of its sample."""
_ALL = (
    ("newsletter", _("Newsletter"), _("Two stories and short news")),
    ("announcement", _("Announcement"), _("One piece of news, one button")),
    ("promotion", _("Promotion"), _("Four products with prices")),
    ("welcome", _("Welcome"), _("Three steps for new people")),
    ("invitation", _("Invitation"), _("When, where, and an answer")),
    ("receipt", _("Receipt"), _("What was ordered, from an attribute")),
    ("letter", _("Letter"), _("Plain text, as a person writes")),
    ("newsletter-zh", _("Newsletter in Chinese"), _("Picks of the month, two columns, buttons")),
)
STARTERS = {key: Starter(key, name, purpose, SUBJECTS[key]) for key, name, purpose in _ALL}


class Starters(OwnedAdmin):
    """The page to choose from, and what a chosen one fills in."""

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = super().get_changeform_initial_data(request)
        starter = STARTERS.get(initial.pop(STARTER, ""))
        if starter:
            initial |= {
                "name": str(starter.name),
                "subject": starter.subject,
                "format": TemplateFormat.MJML,
                "mjml": starter.mjml,
            }
        return initial

    @button(_("Start from a sample"), "starters", icon="auto_awesome", permissions=["add"])
    @method_decorator(csp_replace(MESSAGE_POLICY))
    def starters(self, request: HttpRequest) -> HttpResponse:
        owner = staff(request)
        return page(
            request,
            self,
            "admin/campaigns/template/starters.html",
            title=gettext("Start from a sample"),
            starters=[(one, _preview_of(one, owner)) for one in STARTERS.values()],
            add_url=f"{self.url('add')}?{urlencode(carried(request))}&",
        )


def _preview_of(starter: Starter, owner: User) -> Preview:
    sender = Sender(owner=owner, local_part="news")
    try:
        html = content.compile_mjml(starter.mjml)
    except Failed:
        return Preview("", "", "", str(content.NOT_NOW))
    template = Template(owner=owner, subject=starter.subject, html=html)
    return preview(template, None, sender)
