"""The step of a campaign's content: the rows of its forms, and what its page shows of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext

from campaigns.ab_tests.variants import letter
from campaigns.admin.ab_tests.form import ABTestInline
from campaigns.admin.attachments.inline import AttachmentInline
from campaigns.admin.languages.question import told_now
from campaigns.admin.planning.templates import TemplateInline
from campaigns.admin.steps import kinds
from campaigns.attachments.keeping import MOST_FILES, MOST_MEGABYTES
from campaigns.db.few_at_once import answer_within
from campaigns.languages.choosing import languages_of
from campaigns.languages.tags import usual
from campaigns.models import ABTest, Task, TaskTemplate
from campaigns.recipients.decision import UnknownAudience

OF_THE_STEP = (TemplateInline, AttachmentInline, ABTestInline)
WHO = "who"
"""Asks for the numbers of who reads which language, once the page is there."""
SECONDS = 5.0
"""For one statement."""
OFTEN_SHUT = ("threshold", "ends_early", "otherwise")
"""Settings of a test that are folded unless one of them is wrong."""


class Row(NamedTuple):
    """A message. `letter` is that of the variant."""

    form: Any
    number: int
    letter: str
    is_saved: bool


class File(NamedTuple):
    """`name` is that of the browser for one that was not taken."""

    form: Any
    place: int
    name: str
    size: str


def inlines(request: HttpRequest, task: Task | None, found: Sequence[Any]) -> list[Any]:
    """Those of the step, with as many empty rows as it offers."""
    if task is None:
        return []
    kind = kinds.chosen(request, task)
    saved = TaskTemplate.objects.filter(task=task).count()
    for each in found:
        if isinstance(each, TemplateInline):
            each.extra = kinds.extra_rows(request, kind, saved)
        elif isinstance(each, ABTestInline):
            each.extra = 0 if ABTest.objects.filter(task=task).exists() else 1
    return [each for each in found if isinstance(each, OF_THE_STEP)]


def shown(request: HttpRequest, task: Task, formsets: Sequence[Any]) -> dict[str, Any]:
    by_prefix: dict[str, Any] = {each.formset.prefix: each.formset for each in formsets}
    templates = by_prefix[kinds.TEMPLATES]
    test = by_prefix.get(kinds.TESTS)
    files = by_prefix.get(kinds.FILES)
    kind = kinds.chosen(request, task)
    choices = [form.instance for form in templates.forms if form.instance.template_id]
    offered = [each for each in kinds.offered(kind) if test or each.key != kinds.TEST]
    return {
        "kind": kind,
        "kinds": offered,
        "differs": kinds.differs(request, choices),
        "templates": templates,
        "rows": _rows(templates),
        **_saved(task),
        "may_add": {each: len(templates.forms) < most for each, most in kinds.MOST_ROWS.items()},
        "test": test,
        "test_form": next(iter(test.forms), None) if test else None,
        "is_open": _is_wrong(test, OFTEN_SHUT),
        "files": files,
        "file_rows": _files(files),
        "most_files": MOST_FILES,
        "most_megabytes": MOST_MEGABYTES,
        "languages": usual(),
        "who": _who_reads(request, task) if kind == kinds.LANGUAGES else None,
    }


def _saved(task: Task) -> dict[str, Any]:
    """What another choice would take away."""
    rows = list(TaskTemplate.objects.filter(task=task).values_list("language", "template"))
    return {
        "saved_rows": len(rows),
        "saved_languages": any(language for language, _ in rows),
        "saved_templates": len({template for _, template in rows}),
        "saved_test": ABTest.objects.filter(task=task).exists(),
    }


def _who_reads(request: HttpRequest, task: Task) -> dict[str, Any] | None:
    """Of the saved languages; None where there are not several."""
    written = TaskTemplate.objects.filter(task=task).order_by("pk")
    languages = languages_of(written.values_list("language", flat=True))
    if not languages.are_several:
        return None
    if WHO not in request.GET:
        return {"url": f"?{WHO}=1"}
    try:
        told = answer_within(SECONDS, lambda: told_now(task))
    except UnknownAudience as error:
        return {"problem": str(error)}
    return {"told": told, "problem": "" if told else gettext("Counting takes too long just now.")}


def _rows(templates: Any) -> list[Row]:
    for form in templates.forms:
        form.fields["language"].widget.attrs["list"] = "languages"
        form.fields["sender"].help_text = gettext("Empty: the sender above.")
    return [
        Row(form, number, letter(number - 1), bool(form.instance.pk))
        for number, form in enumerate(templates.forms, 1)
    ]


def _is_wrong(formset: Any, names: Sequence[str]) -> bool:
    return formset is not None and any(
        name in form.errors for form in formset.forms for name in names
    )


def _files(formset: Any) -> list[File]:
    """Those that are attached, and those that were refused just now."""
    found = []
    for index, form in enumerate(formset.forms if formset else []):
        if form.instance.pk:
            size = filesizeformat(form.instance.octets)
            found.append(File(form, index, form.instance.name, size))
        elif form.errors:
            sent = form.files.get(form.add_prefix("upload"))
            found.append(File(form, index, sent.name if sent else "", ""))
    return found
