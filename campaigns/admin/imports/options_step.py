"""The third step: what becomes of contacts that exist, tags, consent, and people who left."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import SafeAdmin
from admin_kit.confirmation import StyledForm, page
from campaigns.admin.imports.check_step import start_check
from campaigns.admin.imports.prepared import MAY_SUPPRESS, Prepared, preparing
from campaigns.admin.imports.steps import steps, url
from campaigns.files.composite_cells import tags_of
from campaigns.imports.settings import (
    EXISTING_LABELS,
    MAX_AGREED_BY,
    Existing,
    ImportSettings,
    Meaning,
)
from campaigns.models import Operation

MAX_TAGS = 100
LONGEST_TAG = 100  # characters, as Tag.name


class OptionsForm(StyledForm):
    existing = forms.ChoiceField(
        label=_("Contacts that exist already"),
        choices=[(str(value), label) for value, label in EXISTING_LABELS.items()],
        widget=forms.RadioSelect,
    )
    tags = forms.CharField(
        required=False,
        max_length=2_000,
        label=_("Tags to add"),
        help_text=_("Given to every contact in the file; separate several with commas."),
    )
    all_agreed = forms.BooleanField(
        required=False,
        label=_("All of them agreed to be mailed"),
        help_text=_(
            "Recorded with each contact, but for those of whom the file says otherwise, and "
            "those who have refused since."
        ),
    )
    agreed_on = forms.DateField(
        required=False,
        label=_("When they agreed"),
        widget=forms.DateInput({"type": "date", "class": "edm-date"}, format="%Y-%m-%d"),
        help_text=_("Empty for the time of the import."),
    )
    agreed_by = forms.CharField(
        required=False,
        max_length=MAX_AGREED_BY,
        label=_("Where they agreed"),
        help_text=_("Such as: form on the website, stand at the spring fair."),
    )
    may_suppress = forms.BooleanField(
        required=False,
        label=_("Suppress people of whom the file says that they left"),
        help_text=_(
            "Those who unsubscribed, complained or bounced come onto the suppression list, "
            "which holds for every owner. Without this they are left out of the import."
        ),
    )

    def __init__(
        self, settings: ImportSettings, user: User | AnonymousUser, data: Any = None
    ) -> None:
        super().__init__(data, initial=_initial(settings))
        if not user.has_perm(MAY_SUPPRESS):
            del self.fields["may_suppress"]

    def clean_tags(self) -> list[str]:
        tags = [" ".join(tag.split()) for tag in tags_of(str(self.cleaned_data["tags"]))]
        found = list(dict.fromkeys(tag for tag in tags if tag))
        if len(found) > MAX_TAGS:
            raise forms.ValidationError(
                gettext("These are more than %(max_tags)s tags.") % {"max_tags": MAX_TAGS}
            )
        if longest := next((tag for tag in found if len(tag) > LONGEST_TAG), ""):
            raise forms.ValidationError(
                gettext("“%(longest)s…” is longer than %(longest_tag)s characters.")
                % {"longest": longest[:30], "longest_tag": LONGEST_TAG}
            )
        return found

    def clean_agreed_on(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["agreed_on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError(gettext("This day is still to come."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("all_agreed") and not cleaned.get("agreed_by", "").strip():
            self.add_error(
                "agreed_by", gettext("Say where they agreed: the proof is asked for one day.")
            )
        return cleaned

    def options(self) -> dict[str, Any]:
        """Of a valid form, by their names in ImportSettings."""
        chosen = self.cleaned_data
        agreed = chosen["all_agreed"]
        return {
            "existing": Existing(chosen["existing"]),
            "tags": tuple(chosen["tags"]),
            "all_agreed": agreed,
            "agreed_at": _start_of(chosen["agreed_on"]) if agreed else "",
            "agreed_by": chosen["agreed_by"].strip() if agreed else "",
            "may_suppress": chosen.get("may_suppress", False),
        }


def _initial(settings: ImportSettings) -> dict[str, Any]:
    return {
        "existing": str(settings.existing),
        "tags": ", ".join(settings.tags),
        "all_agreed": settings.all_agreed,
        "agreed_on": settings.agreed_at[:10],
        "agreed_by": settings.agreed_by,
        "may_suppress": settings.may_suppress,
    }


def _start_of(day: dt.date | None) -> str:
    if day is None:
        return ""
    return timezone.make_aware(dt.datetime.combine(day, dt.time())).isoformat()


def options_page(
    request: HttpRequest, model_admin: SafeAdmin, operation: Operation
) -> HttpResponse:
    """Raises NotPrepared."""
    with preparing(operation) as prepared:
        if prepared.settings.problems():
            return HttpResponseRedirect(url("columns", operation))
        data = request.POST if request.method == "POST" else None
        form = OptionsForm(prepared.settings, request.user, data)
        if form.is_valid():
            prepared.change(**form.options())
            start_check(prepared)
            return HttpResponseRedirect(url("check", operation))
    return _page(request, model_admin, prepared, form)


def _page(
    request: HttpRequest, model_admin: SafeAdmin, prepared: Prepared, form: OptionsForm
) -> HttpResponse:
    operation = prepared.operation
    consent = [c.heading for c in prepared.settings.columns if c.meaning is Meaning.CONSENT]
    return page(
        request,
        model_admin,
        "admin/campaigns/imports/options.html",
        title=gettext("What to do with “%(title)s”") % {"title": operation.title},
        steps=steps("options", operation),
        form=form,
        consent_column=next(iter(consent), ""),
        back_url=url("columns", operation),
    )
