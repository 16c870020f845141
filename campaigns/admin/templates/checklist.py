"""The checklist on pages: told when a template is saved, on a page of its own, and as the warnings
that a launch has to overrule by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin, Visitor
from admin_kit.confirmation import StyledForm, page
from admin_kit.typed import button
from admin_kit.words.listing import headed
from campaigns.models import Contact, Template
from campaigns.preflight import samples
from campaigns.preflight.checklist import checking, spam
from campaigns.preflight.checklist.findings import Finding, Level, Page, Place, of_level
from campaigns.wording import listed

MOST_TOLD = 5
SPAM = "spam"
PAGE = "admin/campaigns/template/checklist.html"
WITH_LINES = ("html", "mjml")
LABELS = {
    "subject": _("Subject"),
    "preview_text": _("Preview text"),
    "html": "HTML",
    "mjml": "MJML",
    "blocks": _("Block"),
    "text": _("Plain text"),
}
COUNTED = {
    Level.BLOCKER: ngettext_lazy("%(count)s blocker", "%(count)s blockers", "number"),
    Level.WARNING: ngettext_lazy("%(count)s warning", "%(count)s warnings", "number"),
    Level.NOTE: ngettext_lazy("%(count)s note", "%(count)s notes", "number"),
}
COLOURS = {Level.BLOCKER: "danger", Level.WARNING: "warning", Level.NOTE: "info"}
PAGES = {
    Page.SENDER: ("sender", _("Senders")),
    Page.BRAND: ("brand", _("Brands")),
    Page.ATTRIBUTES: ("attribute", _("Attributes")),
}


class OverruleForm(StyledForm):
    """A box for each warning: a launch goes on once all are ticked."""

    although: Any = _("Launch although")

    def __init__(self, data: Any = None, *, findings: Sequence[Finding] = ()) -> None:
        super().__init__(data)
        self._warnings = {each.key: each for each in of_level(findings, Level.WARNING)}
        for key, warning in self._warnings.items():
            self.fields[f"although-{key}"] = forms.BooleanField(
                label=headed(self.although, warning.name),
                error_messages={"required": gettext("Mend it, or say that it may be so.")},
            )
        self.restyle()

    @property
    def overruled(self) -> str:
        """The names of the warnings, for the history."""
        names = " ".join(f"“{each.name}”" for each in self._warnings.values())
        return gettext_noop("Although: %(names)s") % {"names": names} if names else ""


def shown_findings(findings: Iterable[Finding], user: Visitor) -> list[dict[str, Any]]:
    """For the list of findings, with the addresses of their places."""
    return [
        {
            "finding": each,
            "level": each.level.value,
            "label": each.level.label,
            "colour": COLOURS[each.level],
            "places": [_shown(each, place, user) for place in each.places],
            "page": _page(each, user),
        }
        for each in findings
    ]


def _shown(finding: Finding, place: Place, user: Visitor) -> dict[str, str]:
    label = str(LABELS.get(place.field, ""))
    if place.block:
        label = f"{label} {place.block}"
    elif place.field == "blocks":
        label = gettext("Made of the brand or the blocks")
    elif place.line and place.field in WITH_LINES:
        label = gettext("%(label)s, line %(line)s") % {"label": label, "line": place.line}
    if place.in_campaign:
        label = gettext("%(label)s in the campaign") % {"label": label}
    may = user.has_perm(f"campaigns.change_{'task' if place.in_campaign else 'template'}")
    may = may and bool(finding.template_id)
    return {"label": label, "written": place.written, "url": _url(finding, place) if may else ""}


def _url(finding: Finding, place: Place) -> str:
    if place.in_campaign:
        url = reverse("admin:campaigns_task_change", args=[finding.task_id])
        return f"{url}#tasktemplate_set-group"
    url = reverse("admin:campaigns_template_change", args=[finding.template_id])
    if place.block_id:
        return f"{url}#block-{place.block_id}"
    if place.field in WITH_LINES:
        return f"{url}#line-{place.field}-{place.line}"
    return f"{url}#id_{place.field}"


def _page(finding: Finding, user: Visitor) -> tuple[str, str] | None:
    if finding.page not in PAGES:
        return None
    model, label = PAGES[finding.page]
    if not user.has_perm(f"campaigns.view_{model}"):
        return None
    return reverse(f"admin:campaigns_{model}_changelist"), str(label)


def summary(findings: Sequence[Finding]) -> str:
    """Such as “2 warnings and 1 note”; "" without any."""
    numbers = [(len(of_level(findings, level)), COUNTED[level]) for level in Level]
    said = [text % {"number": n, "count": f"{n:,}"} for n, text in numbers if n]
    if len(said) < 2:
        return "".join(said)
    return gettext("%(first)s and %(last)s") % {"first": listed(said[:-1]), "last": said[-1]}


def _told(finding: Finding, user: Visitor) -> str:
    """For a message, with a link to the first of its places."""
    said = f"{finding.what} {finding.mend}"
    places = shown_findings([finding], user)[0]["places"]
    if not places or not places[0]["url"]:
        return said
    link = '{} <a class="edm-link" href="{}">{}</a>'
    return format_html(link, said, places[0]["url"], places[0]["label"])


class Checklist(OwnedAdmin):
    def tell_findings(self, request: HttpRequest, template: Template) -> None:
        """The blockers and warnings of a template that was saved, each with the page about it."""
        findings = checking.of_template(template)
        url = self.url("checklist", template.pk)
        told = [each for each in findings if each.level != Level.NOTE]
        for each in told[:MOST_TOLD]:
            level = messages.ERROR if each.level == Level.BLOCKER else messages.WARNING
            messages.add_message(request, level, _told(each, request.user))
        if findings:
            said = format_html(
                gettext('<a class="edm-link" href="{}">Checklist</a>: {}.'),
                url,
                summary(findings),
            )
            messages.info(request, said)

    @button(_("Checklist"), "checklist", icon="checklist", permissions=["view"])
    def checklist(self, request: HttpRequest, object_id: str) -> HttpResponse:
        template = self.visible(request, object_id)
        findings = checking.of_template(template)
        return page(
            request,
            self,
            PAGE,
            title=gettext("Checklist of “%(template)s”") % {"template": template},
            original=template,
            summary=summary(findings),
            checklist=shown_findings(findings, request.user),
            spam_name=SPAM,
            score=_score(request, template) if SPAM in request.POST else None,
            has_spam=spam.is_installed(),
            back_url=self.url("change", template.pk),
        )


def _score(request: HttpRequest, template: Template) -> spam.Score:
    contacts = Contact.objects.visible_to(request.user).filter(owner=template.owner_id)
    return spam.of_template(
        template, contacts.order_by("pk").first(), samples.usual_sender(template)
    )
