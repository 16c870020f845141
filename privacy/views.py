"""The page that exports or erases all data about an address."""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from access.ownership import SEE_EVERYTHING
from addressing.addresses import as_written, clean_address
from admin_kit.base import staff
from admin_kit.confirmation import Question, StyledForm, ask, is_confirmed, page, say
from admin_kit.history import log_event
from campaigns import erased_keys
from campaigns.models import Suppression
from privacy import erasure, export, plan
from privacy.readable.page import LANGUAGES, as_html, language_for

logger = logging.getLogger(__name__)

READ, EXPORT, ERASE = "read", "export", "erase"
NO_LIST = None
"""In place of a model's `opts`: the heading is then the page's title, not "Suppressions"."""
MAY = {
    READ: (SEE_EVERYTHING, "campaigns.export_address"),
    EXPORT: (SEE_EVERYTHING, "campaigns.export_address"),
    ERASE: (SEE_EVERYTHING, "campaigns.erase_address"),
}
"""All act on the rows of every owner, so they require permission to see these, too."""


class AddressForm(StyledForm):
    address = forms.CharField(
        label=_("Email address"),
        max_length=320,
        help_text=_("Of the person who asks for an export or for erasure."),
    )

    language = forms.ChoiceField(
        label=_("Language of the page to read"),
        choices=[("", _("As the contact says")), *LANGUAGES.items()],
        required=False,
        help_text=_("Of the page that the person opens. Data has no language."),
    )

    def clean_address(self) -> str:
        return clean_address(self.cleaned_data["address"])


def privacy(request: HttpRequest) -> HttpResponse:
    """To be wrapped in `admin_view`. Addresses are posted, so that no access log holds them."""
    allowed = [what for what, permission in MAY.items() if request.user.has_perms(permission)]
    if not allowed:
        raise PermissionDenied
    form = AddressForm(request.POST if request.method == "POST" else None)
    wanted = request.POST.get("do", "")
    if form.is_valid():
        if wanted not in allowed:
            raise PermissionDenied
        address = form.cleaned_data["address"]
        if wanted == READ:
            return _export_to_read(request, address, form.cleaned_data["language"])
        return _export(request, address) if wanted == EXPORT else _erase(request, address)
    return page(
        request,
        _suppressions(),
        "admin/privacy/page.html",
        title=gettext("Export or erase an address"),
        opts=NO_LIST,
        form=form,
        allowed=allowed,
        back_url=reverse("admin:index"),
    )


def _suppressions() -> admin.ModelAdmin[Any]:
    """In whose name these pages are: nothing but the list outlives an erasure."""
    return admin.site.get_model_admin(Suppression)


def _export(request: HttpRequest, address: str) -> HttpResponse:
    content = export.as_json(export.collect(address))
    return _download(request, address, content, "application/json", "json")


def _export_to_read(request: HttpRequest, address: str, language: str) -> HttpResponse:
    content = as_html(address, language or language_for(address))
    return _download(request, address, content, "text/html; charset=utf-8", "html")


def _download(
    request: HttpRequest, address: str, content: str, content_type: str, ending: str
) -> HttpResponse:
    _log(request, address, gettext_noop("Everything about it was exported."))
    response = HttpResponse(content, content_type=content_type)
    name = f"address-{timezone.localdate():%Y-%m-%d}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _erase(request: HttpRequest, address: str) -> HttpResponse:
    if not is_confirmed(request):
        return _ask(request, address)
    try:
        done = erasure.erase(address)
    except erasure.NotNow as error:
        return _ask(request, address, str(error))
    _log(request, address, done.explain())
    say(request, done.explain())
    return HttpResponseRedirect(reverse("privacy"))


def _ask(request: HttpRequest, address: str, problem: str = "") -> HttpResponse:
    question = Question(
        gettext("Erase %(address)s?") % {"address": as_written(address)},
        gettext(
            "This cannot be undone. Contacts with the address are deleted, of every owner. What "
            "was sent to it stays in the counts, without address, name and values; what was not "
            "sent yet never will be. Only a keyed hash of the address stays, on the suppression "
            "list, so that it is never mailed again."
        ),
        gettext("Erase the address"),
        details=plan.details(address),
        problems=[problem] if problem else (),
        danger=True,
        hidden={"address": [address], "do": [ERASE]},
    )
    back_url = reverse("privacy")
    return ask(request, _suppressions(), question, opts=NO_LIST, back_url=back_url)


def _log(request: HttpRequest, address: str, text: str) -> None:
    """Logs the action without the address: its hash identifies the entry to a person who knows the
    address."""
    name = gettext_noop("Address %(key)s") % {
        "key": erased_keys.key_of(address)[: erased_keys.SHOWN]
    }
    log_event(request, Suppression, name, text)
    logger.info("%s, by user %s: %s", name, staff(request).pk, text)
