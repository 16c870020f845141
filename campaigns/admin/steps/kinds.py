"""What a campaign sends: one message, variants to test, or one in each language. What staff choose
in the step of its content, as the rows of the forms that save it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from campaigns.admin.steps import leads
from campaigns.attachments.keeping import MOST_FILES
from campaigns.models import ABTest, Task, TaskTemplate
from campaigns.models.ab_test import MOST_VARIANTS

KIND, ONE, TEST, LANGUAGES, SPLIT = "kind", "one", "test", "languages", "split"
DIFFERS, SUBJECT, WHOLE = "differs", "subject", "whole"
TEMPLATES, TESTS, FILES = "tasktemplate_set", "ab_test", "attachments"
"""The prefixes of the forms."""
UPLOADS = "uploads"
MORE, REMOVE, REMOVE_FILE, ATTACH = "_more", "_remove", "_remove_file", "_attach"
STAYING = (MORE, REMOVE, REMOVE_FILE, ATTACH)
"""The buttons that save, and show the step again."""
ROWS = "rows"
FEWEST_ROWS = 2
"""So many can be filled in before one asks for more."""
MOST_ROWS = {TEST: MOST_VARIANTS, LANGUAGES: 50, SPLIT: 50}
OWN = ("subject", "preview_text", "sender")
"""What a variant with the same template says otherwise."""


class Kind(NamedTuple):
    key: str
    label: Promise
    about: Promise


KINDS = (
    Kind(ONE, _("One message"), _("Everyone gets the same.")),
    Kind(
        TEST,
        _("A/B test"),
        _("A sample gets two to five variants, the rest the one that does better."),
    ),
    Kind(
        LANGUAGES,
        _("Several languages"),
        _("Each recipient gets the message in the language that the contact has."),
    ),
    Kind(SPLIT, _("Several at random"), _("Each recipient gets one of them, by weight.")),
)


def of(task: Task) -> str:
    """As it is saved."""
    if ABTest.objects.filter(task=task).exists():
        return TEST
    languages = list(TaskTemplate.objects.filter(task=task).values_list("language", flat=True))
    if any(languages):
        return LANGUAGES
    return SPLIT if len(languages) > 1 else ONE


def chosen(request: HttpRequest, task: Task) -> str:
    data = request.POST if request.method == "POST" else request.GET
    return _known(data.get(KIND, "")) or of(task)


def takes_one(request: HttpRequest) -> bool:
    """Whether the step is saved with one message alone."""
    return request.method == "POST" and request.POST.get(KIND) == ONE


def offered(kind: str) -> Sequence[Kind]:
    """At random is a choice of the page with all settings, shown where it was made."""
    return [each for each in KINDS if each.key != SPLIT or kind == SPLIT]


def differs(request: HttpRequest, choices: Sequence[TaskTemplate]) -> str:
    """What a test compares: messages with one template differ in what is said otherwise."""
    data = request.POST if request.method == "POST" else request.GET
    if data.get(DIFFERS) in (SUBJECT, WHOLE):
        return str(data[DIFFERS])
    return WHOLE if len({each.template_id for each in choices}) > 1 else SUBJECT


def extra_rows(request: HttpRequest, kind: str, saved: int) -> int:
    """Empty rows of templates, beside those that are saved or the first."""
    asked = request.GET.get(ROWS, "")
    wanted = int(asked) if asked.isdecimal() and len(asked) < 4 else 0
    if kind != SPLIT:
        wanted = max(wanted, FEWEST_ROWS)
    return max(0, min(wanted, MOST_ROWS.get(kind, FEWEST_ROWS)) - max(saved, 1))


def stays(request: HttpRequest) -> bool:
    return any(button in request.POST for button in STAYING)


def url_after(request: HttpRequest, task: Task) -> str:
    """Where a button that shows the step again leads: a row more, or what is saved."""
    url = reverse("admin:campaigns_task_step_content", args=[task.pk])
    kept = {name: str(request.POST[name]) for name in (KIND, DIFFERS) if request.POST.get(name)}
    if MORE in request.POST:
        rows = _number(request.POST, f"{TEMPLATES}-TOTAL_FORMS") + 1
        return f"{url}?{urlencode({**kept, ROWS: str(rows)})}#message-{rows}"
    place = "messages" if REMOVE in request.POST else "files"
    return f"{url}?{urlencode(kept)}#{place}"


# What is posted


def read(data: QueryDict, files: MultiValueDict[str, UploadedFile[bytes]]) -> Any:
    """The rows that the forms save; files that are chosen together become a row each."""
    if kind := _known(data.get(KIND, "")):
        _read_kind(data, kind)
    for button, prefix in ((REMOVE, TEMPLATES), (REMOVE_FILE, FILES)):
        if (number := data.get(button, "")).isdecimal():
            data[f"{prefix}-{number}-DELETE"] = "on"
    leads.take_words_out(data, TEMPLATES)
    return _with_uploads(data, files)


def _read_kind(data: QueryDict, kind: str) -> None:
    numbers = range(min(_number(data, f"{TEMPLATES}-TOTAL_FORMS"), max(MOST_ROWS.values())))
    if kind == ONE:
        for number in numbers[1:]:
            data[f"{TEMPLATES}-{number}-DELETE"] = "on"
    if kind in (ONE, TEST):
        for number in numbers:
            data[f"{TEMPLATES}-{number}-language"] = ""
    if kind != TEST:
        _drop_test(data)
    elif data.get(DIFFERS) == SUBJECT:
        for number in numbers[1:]:
            _take_template(data, f"{TEMPLATES}-{number}")


def _drop_test(data: QueryDict) -> None:
    if _number(data, f"{TESTS}-INITIAL_FORMS"):
        data[f"{TESTS}-0-DELETE"] = "on"
    elif f"{TESTS}-TOTAL_FORMS" in data:
        data[f"{TESTS}-TOTAL_FORMS"] = "0"


def _take_template(data: QueryDict, row: str) -> None:
    """That of the first, for a variant that says anything otherwise, or is saved."""
    is_meant = any(data.get(f"{row}-{name}", "").strip() for name in OWN)
    if is_meant or data.get(f"{row}-id"):
        data[f"{row}-template"] = data.get(f"{TEMPLATES}-0-template", "")
    else:
        data[f"{row}-template"] = ""


def _with_uploads(
    data: QueryDict, files: MultiValueDict[str, UploadedFile[bytes]]
) -> MultiValueDict[str, UploadedFile[bytes]]:
    uploads = files.getlist(UPLOADS)[: MOST_FILES + 1]
    if not uploads or f"{FILES}-TOTAL_FORMS" not in data:
        return files
    rows = files.copy()
    total = _number(data, f"{FILES}-TOTAL_FORMS")
    for number, upload in enumerate(uploads, total):
        rows[f"{FILES}-{number}-upload"] = upload
    data[f"{FILES}-TOTAL_FORMS"] = str(total + len(uploads))
    return rows


def _known(kind: str | None) -> str:
    return kind if kind in {each.key for each in KINDS} else ""


def _number(data: QueryDict, name: str) -> int:
    written = data.get(name, "")
    return int(written) if written.isdecimal() and len(written) < 7 else 0
