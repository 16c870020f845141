"""The SubTasks of a task as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext, pgettext_lazy

from addressing.addresses import as_written
from campaigns.ab_tests import variants
from campaigns.exports.tables import SUBJECTS, Cell, Chosen, Gone, Row, Subject
from campaigns.models import Content, SubTask, Task

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

NAME = "messages"
TIMES = ("sending_at", "sent_at", "delivered_at", "opened_at", "clicked_at", "bounced_at",
         "failed_at")  # fmt: skip
HEADINGS = (
    pgettext_lazy("column of an export", "recipient"),
    pgettext_lazy("column of an export", "name"),
    pgettext_lazy("column of an export", "variant"),
    pgettext_lazy("column of an export", "language"),
    pgettext_lazy("column of an export", "status"),
    pgettext_lazy("column of an export", "in_doubt"),
    pgettext_lazy("column of an export", "failure"),
    pgettext_lazy("column of an export", "error"),
    pgettext_lazy("column of an export", "service"),
    pgettext_lazy("column of an export", "refused_for_a_while"),
    pgettext_lazy("column of an export", "sending_at"),
    pgettext_lazy("column of an export", "sent_at"),
    pgettext_lazy("column of an export", "delivered_at"),
    pgettext_lazy("column of an export", "opened_at"),
    pgettext_lazy("column of an export", "clicked_at"),
    pgettext_lazy("column of an export", "bounced_at"),
    pgettext_lazy("column of an export", "failed_at"),
    pgettext_lazy("column of an export", "provider_message_id"),
)
"""In English as programs read them; in other languages for people."""


@dataclass(frozen=True, slots=True)
class More:
    """A column of an app that builds on this one: gives its cells by the key of the SubTask."""

    heading: _StrOrPromise
    cells: Callable[[Sequence[int]], dict[int, Cell]]


MORE: list[More] = []


def of_task(user: User, chosen: Chosen) -> QuerySet[SubTask]:
    """Raises Gone."""
    task = Task.objects.visible_to(user).filter(pk=chosen.get("task")).first()
    if task is None:
        raise Gone(gettext("The campaign was deleted."))
    return SubTask.objects.filter(task=task)


def headings(keys: Sequence[int], chosen: Chosen) -> list[str]:
    return [str(each) for each in (*HEADINGS, *(more.heading for more in MORE))]


def rows(keys: Sequence[int], names: Sequence[str], chosen: Chosen) -> Iterator[Row]:
    more = [each.cells(keys) for each in MORE]
    found = SubTask.objects.filter(pk__in=keys).select_related("service").order_by("pk")
    letters = variants.letters_of([chosen["task"]])
    languages = dict(Content.objects.filter(task=chosen["task"]).values_list("pk", "language"))
    for subtask in found:
        content = subtask.content_id
        told = letters.get(content, ""), languages.get(content, "")
        yield [*_row(subtask, *told), *(cells.get(subtask.pk) for cells in more)]


def _row(subtask: SubTask, letter: str, language: str) -> list[Cell]:
    name = subtask.variables.get("name", "") if isinstance(subtask.variables, dict) else ""
    return [
        as_written(subtask.recipient_email),
        str(name),
        letter,
        language,
        subtask.get_status_display(),
        subtask.in_doubt_since is not None,
        subtask.get_failure_reason_display(),
        subtask.error,
        subtask.service.name if subtask.service else "",
        subtask.attempts,
        *(getattr(subtask, name) for name in TIMES),
        subtask.provider_message_id,
    ]


SUBJECTS[NAME] = Subject("message", "campaigns.view_subtask", of_task, headings, rows)
