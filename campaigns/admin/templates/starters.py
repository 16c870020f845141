"""Templates to begin with, in blocks or in MJML: responsive, the latter with a dark mode."""

from __future__ import annotations

import json
from functools import lru_cache
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
from campaigns.admin.seeing.preview import MESSAGE_POLICY, Preview
from campaigns.admin.templates import starter_blocks
from campaigns.admin.templates.blocks_pages import CANNOT
from campaigns.blocks import making
from campaigns.blocks.look import Look
from campaigns.models import Sender, Template, TemplateFormat
from campaigns.preflight import previews
from campaigns.rendering import content

FOLDER = Path(__file__).parents[2] / "starters"
MOST_SHOWN = 64
"""Previews of samples that a process keeps: of eight owners, each a few tens of kilobytes."""
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
        if starter is None:
            return initial
        initial["name"] = str(starter.name)
        if initial.get("format") == TemplateFormat.BLOCKS:
            owner_id = staff(request).pk
            look = making.look_of(owner_id)
            blocks = starter_blocks.stored(starter.key, owner_id, look)
            return {
                **initial,
                "subject": starter_blocks.subject_of(starter.key),
                "blocks": blocks,
            }
        return {
            **initial,
            "subject": starter.subject,
            "format": TemplateFormat.MJML,
            "mjml": starter.mjml,
        }

    @button(_("Start from a sample"), "starters", icon="auto_awesome", permissions=["add"])
    @method_decorator(csp_replace(MESSAGE_POLICY))
    def starters(self, request: HttpRequest) -> HttpResponse:
        owner = staff(request)
        look = making.look_of(owner.pk)
        return page(
            request,
            self,
            "admin/campaigns/template/starters.html",
            title=gettext("New template"),
            starters=[(one, _preview_of(one, owner, look)) for one in _offered()],
            add_url=f"{self.url('add')}?{_passed_on(request)}",
            is_wide=True,
            in_blocks=f"format={TemplateFormat.BLOCKS}",
        )


def _passed_on(request: HttpRequest) -> str:
    """The begin of a query string."""
    query = urlencode(carried(request))
    return f"{query}&" if query else ""


def _offered() -> list[Starter]:
    """In Chinese all of them are."""
    is_chinese = starter_blocks.is_in_chinese()
    return [one for one in STARTERS.values() if not (is_chinese and one.key.endswith("-zh"))]


def _preview_of(starter: Starter, owner: User, look: Look) -> Preview:
    try:
        html = making.html_of(starter_blocks.stored(starter.key, owner.pk, look), look)
        return _shown(owner, starter_blocks.subject_of(starter.key), html)
    except (*CANNOT, content.ContentError):
        return Preview("", "", "", str(content.NOT_NOW))


@lru_cache(maxsize=MOST_SHOWN)
def _shown(owner: User, subject: str, html: str) -> Preview:
    """Raises as `previews.preview` does, which is not kept: the next who looks may see it."""
    sender = Sender(owner=owner, local_part="news")
    template = Template(owner=owner, subject=subject, html=html)
    return Preview("", "", "", made=previews.preview(template, None, sender))
