"""The second step: what was understood, all of which can be changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from addressing.addresses import with_addresses_as_written
from admin_kit.base import SafeAdmin
from admin_kit.confirmation import page
from campaigns.admin.imports.columns_form import ColumnsForm
from campaigns.admin.imports.prepared import Prepared, preparing
from campaigns.admin.imports.reading_form import ReadingForm
from campaigns.admin.imports.steps import steps, url
from campaigns.files.row_errors import FileImportError
from campaigns.imports.settings import (
    MEANING_LABELS,
    ColumnSettings,
    ImportSettings,
    Meaning,
    SampleRow,
    Understanding,
)
from campaigns.models import Operation

SAMPLES = 3
LONGEST_SAMPLE = 60  # characters
READ_OTHERWISE = _(
    "The file is read in another way since this page was opened, perhaps in another tab. Look at "
    "its columns again."
)


@dataclass
class Shown:
    """What the page shows: forms that may have been posted, and the rows they give."""

    prepared: Prepared
    understanding: Understanding
    reading_form: ReadingForm
    columns_form: ColumnsForm
    problem: str = ""

    @property
    def problems(self) -> list[str]:
        """Those of the columns, beside the rows: these alone are shown anew after a change."""
        errors = self.columns_form.errors.values()
        return [str(message) for messages in errors for message in messages]


def columns_page(
    request: HttpRequest, model_admin: SafeAdmin, operation: Operation
) -> HttpResponse:
    """Raises NotPrepared."""
    with preparing(operation) as prepared:
        if request.method != "POST":
            return _page(request, model_admin, _shown(prepared, _looked(prepared)))
        if "forget" in request.POST:
            prepared.forget()
            return HttpResponseRedirect(url("columns", operation))
        shown = _posted(request, prepared)
        is_good = not shown.problem and shown.columns_form.is_bound and not shown.problems
        if "next" in request.POST and is_good and shown.reading_form.is_valid():
            prepared.remember()
            return HttpResponseRedirect(url("options", operation))
    return _page(request, model_admin, shown)


def _looked(prepared: Prepared) -> Understanding:
    """A file that could be read when it came in can be read again, in the way that was saved."""
    try:
        return prepared.look()
    except FileImportError as error:
        return Understanding(prepared.settings, problem=str(error))


def _shown(prepared: Prepared, understanding: Understanding, problem: str = "") -> Shown:
    reading_form = ReadingForm(prepared.settings, prepared.sheets)
    columns_form = ColumnsForm(prepared.settings.columns)
    return Shown(
        prepared, understanding, reading_form, columns_form, problem or understanding.problem
    )


def _posted(request: HttpRequest, prepared: Prepared) -> Shown:
    reading_form = ReadingForm(prepared.settings, prepared.sheets, request.POST)
    if not reading_form.is_valid():
        shown = _shown(prepared, _looked(prepared))
        shown.reading_form = reading_form
        return shown
    changed = reading_form.settings()
    if changed != prepared.settings:
        return _read_as(prepared, changed)
    if request.POST.get("header_key") != prepared.header_key:
        return _shown(prepared, _looked(prepared), str(READ_OTHERWISE))
    return _chosen(request, prepared, reading_form)


def _read_as(prepared: Prepared, changed: ImportSettings) -> Shown:
    try:
        return _shown(prepared, prepared.read_as(changed))
    except FileImportError as error:
        return _shown(prepared, _looked(prepared), str(error))


def _chosen(request: HttpRequest, prepared: Prepared, reading_form: ReadingForm) -> Shown:
    columns_form = ColumnsForm(prepared.settings.columns, request.POST)
    problem = ""
    try:
        if columns_form.is_valid():
            understanding = prepared.choose(columns_form.columns())
        else:
            understanding = _looked(prepared)
    except FileImportError as error:
        understanding, problem = _looked(prepared), str(error)
    return Shown(prepared, understanding, reading_form, columns_form, problem)


def _page(request: HttpRequest, model_admin: SafeAdmin, shown: Shown) -> HttpResponse:
    operation = shown.prepared.operation
    return page(
        request,
        model_admin,
        "admin/campaigns/imports/columns.html",
        title=gettext("What was understood of “%(title)s”") % {"title": operation.title},
        steps=steps("columns", operation),
        here=url("columns", operation),
        discard_url=url("discard", operation),
        header_key=shown.prepared.header_key,
        remembered_on=shown.prepared.remembered_on,
        reading_form=shown.reading_form,
        column_rows=list(shown.columns_form.rows(_samples(shown.understanding))),
        first_rows=_first_rows(shown.understanding),
        rows_about=shown.understanding.rows,
        notes=shown.understanding.notes,
        problem=shown.problem,
        problems=shown.problems,
    )


def _samples(understanding: Understanding) -> list[str]:
    """A few different cells of each column, as they will come in."""
    columns = range(len(understanding.settings.columns))
    return [" · ".join(_few([_cell(row, n) for row in understanding.sample])) for n in columns]


def _cell(row: SampleRow, number: int) -> str:
    return with_addresses_as_written(row.cells[number]) if number < len(row.cells) else ""


def _few(cells: list[str]) -> Iterator[str]:
    different = list(dict.fromkeys(cell for cell in cells if cell))
    for cell in different[:SAMPLES]:
        shown = " ".join(cell.split())
        yield shown if len(shown) <= LONGEST_SAMPLE else f"{shown[: LONGEST_SAMPLE - 1]}…"


def _first_rows(understanding: Understanding) -> dict[str, Any]:
    """A table of what comes in: without the columns that are left out."""
    columns = understanding.settings.columns
    taken = [n for n, each in enumerate(columns) if each.meaning is not Meaning.IGNORED]
    rows = [
        {
            "line": row.line,
            "problem": row.problem,
            "cells": [(_cell(row, n), dict(row.problems).get(n, "")) for n in taken],
        }
        for row in understanding.sample
    ]
    headers = [gettext("Line of the file"), *(_header(columns[n]) for n in taken)]
    left_out = list(dict.fromkeys(why for row in understanding.sample for _, why in row.problems))
    shown = {"headers": headers, "rows": rows, "width": len(taken), "left_out": left_out}
    return shown if rows else {}


def _header(column: ColumnSettings) -> str:
    if column.meaning is Meaning.ATTRIBUTE:
        return column.key
    return str(MEANING_LABELS[column.meaning])
