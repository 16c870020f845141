"""The page that asks for the format of an export, and gives the file or starts the work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from admin_kit.base import SafeAdmin, staff
from admin_kit.confirmation import StyledForm, page, say
from admin_kit.history import log_event
from admin_kit.words.stored_texts import shown
from campaigns.admin.operations.downloads import streamed
from campaigns.exports import asking, contacts
from campaigns.exports.asking import AT_ONCE, CSV, EXPORT, XLSX, Export, Refused
from campaigns.exports.tables import SUBJECTS, Chosen, Gone

FORMATS = [
    (CSV, _("CSV: for every program, and to import again")),
    (XLSX, _("Excel (XLSX): numbers and dates are numbers and dates")),
]
TEXT = format_lazy(
    _(
        "Up to {most} rows are a file at once. More are collected in the background; the file is "
        "then on a page of its own, for some days."
    ),
    most=f"{AT_ONCE:,}",
)


class ExportForm(StyledForm):
    """`subjects` are the names of what can be exported, with what they are called on the page."""

    subject = forms.ChoiceField(label=_("What"))
    format = forms.ChoiceField(label=_("Format"), choices=FORMATS, initial=CSV)
    details = forms.BooleanField(
        required=False,
        label=_("With details"),
        help_text=_(
            "Also whether each may be mailed, a pause, where consent came from, and when it "
            "was added. These columns are not for importing again."
        ),
    )

    def __init__(self, data: Any, subjects: Mapping[str, str]) -> None:
        super().__init__(data)
        if len(subjects) == 1:
            del self.fields["subject"]
        else:
            self.fields["subject"].choices = list(subjects.items())  # type: ignore[attr-defined]
        if contacts.NAME not in subjects:
            del self.fields["details"]
        self.restyle()


def export_page(
    request: HttpRequest,
    model_admin: SafeAdmin,
    subjects: Mapping[str, Any],
    chosen: Chosen,
    what: str,
    back_url: str,
    matching: QuerySet[Any] | None = None,
    about: str = "",
) -> HttpResponseBase:
    """`subjects` are those that can be chosen, by their name in `campaigns.exports.tables`; the
    user may lack the permission for some. `chosen` says which rows, `what` in words: it is the
    title of the export in the history. `matching` are rows, which the user sees, that are chosen
    otherwise, `about` what the file is named after. Asks for the permission to export."""
    user = staff(request)
    allowed = {name: label for name, label in subjects.items() if may_export(user, name)}
    if not allowed:
        raise PermissionDenied
    form = ExportForm(request.POST if request.method == "POST" else None, allowed)
    if form.is_valid():
        entered = form.cleaned_data
        name = entered.get("subject") or next(iter(allowed))
        more = {contacts.DETAILS: True} if entered.get("details") else {}
        export = Export(user, name, entered["format"], {**chosen, **more}, what, matching, about)
        try:
            return _give(request, model_admin, export)
        except (Refused, Gone) as error:
            form.add_error(None, str(error))
    return page(
        request,
        model_admin,
        "admin/plain_form.html",
        title=gettext("Export %(what)s") % {"what": shown(what)},
        text=TEXT,
        form=form,
        button=gettext("Export"),
        back_url=back_url,
    )


def may_export(user: Any, *names: str) -> bool:
    """Whether a user may export at least one of these subjects."""
    may = [name for name in names if user.has_perm(SUBJECTS[name].permission)]
    return bool(may) and bool(user.has_perm(EXPORT))


def _give(request: HttpRequest, model_admin: SafeAdmin, export: Export) -> HttpResponseBase:
    export.refuse_without_right()
    keys = export.few_keys()
    if keys is None:
        return _start(request, model_admin, export)
    if not keys:
        raise Refused(gettext("There are no rows to export."))
    _log(
        request,
        model_admin,
        export,
        gettext_noop("Exported to a file (%(format)s); number of rows: %(count)s.")
        % {"format": export.format.upper(), "count": f"{len(keys):,}"},
    )
    return streamed(export.file_name, asking.file_of(export, keys))


def _start(request: HttpRequest, model_admin: SafeAdmin, export: Export) -> HttpResponse:
    operation = asking.start(export)
    _log(
        request,
        model_admin,
        export,
        gettext_noop("Began to export to a file (%(format)s).") % {"format": export.format.upper()},
    )
    say(request, gettext("The file is being made. It is on this page when it is ready."))
    url = reverse("admin:campaigns_operation_change", args=[operation.pk])
    return HttpResponseRedirect(url)


def _log(request: HttpRequest, model_admin: SafeAdmin, export: Export, text: str) -> None:
    log_event(request, model_admin.model, export.title, text)


OF_TASK: dict[str, Any] = {
    "messages": _("Messages: what became of each"),
    "events": _("Events: delivered, opened, clicked, bounced"),
}
