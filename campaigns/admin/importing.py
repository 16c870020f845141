"""Shared by the pages that import files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from addressing.addresses import as_written
from admin_kit.base import SafeAdmin
from admin_kit.confirmation import StyledForm, page, say
from admin_kit.history import log_event
from campaigns.files.encoding import LABELS
from campaigns.files.row_errors import FileImportError, FileReport, Problems

SHOWN = 500
SECONDS = 20.0
"""Time limit for reading the rows of a file, and for each statement: the longest that a page may
take."""
ENCODINGS = [("", _("Find out by itself")), *LABELS.items()]


class CsvField(forms.FileField):
    """A file small enough to be imported while the browser waits."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        most = settings.IMPORT_MAX_MEGABYTES
        if isinstance(file, UploadedFile) and (file.size or 0) > most * 1_000_000:
            raise ValidationError(
                gettext(
                    "The file has %(size)s MB; in the browser it may have %(most)s. Nothing "
                    "was imported. Split it, or have it imported with manage.py "
                    "(import_contacts, import_suppressions), which takes files of any size."
                )
                % {"size": f"{(file.size or 0) / 1_000_000:,.1f}", "most": f"{most:,}"}
            )
        return file


class ImportForm(StyledForm):
    """Base of the import forms; each describes the file that it takes."""

    file = CsvField(label=_("CSV file"))
    encoding = forms.ChoiceField(label=_("Encoding"), required=False, choices=ENCODINGS)
    only_look = forms.BooleanField(
        required=False,
        label=_("Only look"),
        help_text=_("Check the file and report the result; nothing is imported."),
    )


def import_page(
    request: HttpRequest,
    model_admin: SafeAdmin,
    form_class: type[ImportForm],
    read: Callable[[dict[str, Any]], FileReport],
    tables: Sequence[str],
    template: str,
    **context: Any,
) -> HttpResponse:
    """The page with the form, and the report on a posted file. `read` imports it, given the form's
    data; `tables` are the report's lists of problems that the template shows."""
    report: FileReport | None = None
    posted = request.method == "POST"
    form = form_class(request.POST, request.FILES) if posted else form_class()
    if form.is_valid():
        try:
            report = _import(request, model_admin, form.cleaned_data, read)
        except FileImportError as error:
            form.add_error("file", str(error))
    return page(
        request,
        model_admin,
        template,
        form=form,
        report=report,
        only_look=report and form.cleaned_data["only_look"],
        shown=SHOWN,
        back_url=model_admin.url("changelist"),
        **{name: table_of(getattr(report, name)) if report else None for name in tables},
        **context,
    )


def _import(
    request: HttpRequest,
    model_admin: SafeAdmin,
    entered: dict[str, Any],
    read: Callable[[dict[str, Any]], FileReport],
) -> FileReport:
    with transaction.atomic():
        report = read(entered)
        transaction.set_rollback(entered["only_look"])
    if not entered["only_look"]:
        name = entered["file"].name
        with override("en"):
            log_event(request, model_admin.model, name, _told(name, report))
        say(request, _told(name, report))
    return report


def _told(name: str, report: FileReport) -> str:
    return gettext("Imported “%(name)s”: %(result)s") % {"name": name, "result": report.explain()}


def table_of(problems: Problems) -> dict[str, Any]:
    """For unfold's component; shows the first problems only."""
    rows = [
        [problem.line, as_written(problem.value), problem.reason]
        for problem in islice(problems, SHOWN)
    ]
    return {
        "headers": [gettext("Line of the file"), gettext("Value"), gettext("Reason")],
        "rows": rows,
    }
