"""The steps of a task in admin: the confirmation question of each, and the function it calls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from admin_kit.confirmation import Question, StyledForm
from admin_kit.typed import TextInput
from campaigns import audience
from campaigns.models import Audience, SubTask, Tally, Task, TaskStatus
from campaigns.models.tally import TaskCounts
from campaigns.preflight import merge_fields
from campaigns.state import lifecycle, retries
from campaigns.wording import counted

WARNERS: list[Callable[[Task], list[str]]] = []
"""Functions of dependent apps (dispatch) that return warnings, in sentences, shown before a task is
launched or resumed."""
FARTHEST = dt.timedelta(days=2 * 365)


@dataclass(frozen=True, slots=True)
class Step:
    """`name` is that of the transition. `do` returns a sentence that says what was done, and may
    raise NotPossible."""

    name: str
    question: Callable[[Task], Question]
    do: Callable[[Task, dict[str, Any]], str]
    form: type[forms.Form] | None = None


class DateTimeInput(TextInput):
    input_type = "datetime-local"


class ScheduleForm(StyledForm):
    at = forms.DateTimeField(label="When", widget=DateTimeInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"].help_text = f"In the time zone {timezone.get_current_timezone_name()}."

    def clean_at(self) -> dt.datetime:
        at: dt.datetime = self.cleaned_data["at"]
        if at <= timezone.now():
            raise forms.ValidationError("Choose a time that is still to come.")
        if at > timezone.now() + FARTHEST:
            raise forms.ValidationError("Choose a time within the next two years.")
        return at


class PauseForm(StyledForm):
    reason = forms.CharField(required=False, max_length=500, help_text="Shown on the task's page.")


def ask_launch(task: Task) -> Question:
    recipients = counted(lifecycle.expected_recipients(task), "recipient")
    fields = _merge_fields(task)
    return Question(
        f"Launch “{task}”?",
        f"Sending to {recipients} starts at once. The content, the audience and the sender are "
        "frozen: later changes do not reach this task.",
        f"Launch to {recipients}",
        details=[*_plan(task), *fields.figures],
        problems=lifecycle.problems(task),
        warnings=[*fields.warnings, *_warnings(task)],
    )


def launch(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.launch(task)
    return "Launched."


def ask_schedule(task: Task) -> Question:
    recipients = counted(lifecycle.expected_recipients(task), "recipient")
    fields = _merge_fields(task)
    return Question(
        f"Schedule “{task}”?",
        "At the time you choose the task is launched to everyone in its audience then; now "
        f"that would be {recipients}.",
        "Schedule",
        details=[*_plan(task), *fields.figures],
        problems=lifecycle.problems(task),
        warnings=[*fields.warnings, *_warnings(task)],
    )


def schedule(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.schedule(task, cleaned["at"])
    return f"Scheduled for {timezone.localtime(cleaned['at']):%Y-%m-%d %H:%M %Z}."


def ask_unschedule(task: Task) -> Question:
    text = "The task becomes a draft again. Nothing is sent."
    return Question(f"Unschedule “{task}”?", text, "Unschedule")


def unschedule(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.unschedule(task)
    return "Taken off the schedule."


def ask_pause(task: Task) -> Question:
    left = counted(_counts(task).open, "message")
    text = (
        f"{left} not sent yet will wait until you resume it. What is being handed over at this "
        "moment still goes out."
    )
    return Question(f"Pause “{task}”?", text, "Pause", details=_so_far(task))


def pause(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.pause(task, cleaned["reason"])
    return f"Paused. {cleaned['reason']}".strip()


def ask_resume(task: Task) -> Question:
    left = counted(_counts(task).open, "message")
    text = f"Sending goes on with the {left} still to be sent."
    return Question(
        f"Resume “{task}”?", text, "Resume", details=_so_far(task), warnings=_warnings(task)
    )


def resume(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.resume(task)
    return "Resumed."


def ask_cancel(task: Task) -> Question:
    if task.status == TaskStatus.SCHEDULED:
        text = "It is not launched at its time; no messages are sent."
    elif task.status == TaskStatus.QUEUED:
        text = "The launch stops; no messages are sent."
    else:
        left = counted(_counts(task).open, "message")
        text = f"{left} not handed over yet will never be sent. What was handed over stays sent."
    return Question(
        f"Cancel “{task}”?",
        f"{text} A cancelled task cannot be resumed; clone it to start again.",
        "Cancel the task",
        details=_so_far(task),
        danger=True,
    )


def cancel(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.cancel(task)
    return "Cancelled."


def ask_retry(task: Task) -> Question:
    plan = retries.plan(_failed(task))
    return Question(
        f"Retry the failed SubTasks of “{task}”?",
        plan.explain(),
        f"Retry {counted(plan.retryable, 'SubTask')}",
        problems=() if plan.retryable else (f"None of them can be sent again. {plan.left_out()}",),
    )


def retry(task: Task, cleaned: dict[str, Any]) -> str:
    return retries.retry_failed(_failed(task)).explain()


LAUNCH = Step("launch", ask_launch, launch)
SCHEDULE = Step("schedule", ask_schedule, schedule, ScheduleForm)
UNSCHEDULE = Step("unschedule", ask_unschedule, unschedule)
PAUSE = Step("pause", ask_pause, pause, PauseForm)
RESUME = Step("resume", ask_resume, resume)
CANCEL = Step("cancel", ask_cancel, cancel)
RETRY = Step("retry_failed", ask_retry, retry)


def _failed(task: Task) -> QuerySet[SubTask]:
    return SubTask.objects.filter(task=task).failed()


def _counts(task: Task) -> TaskCounts:
    return Tally.objects.counts(task.pk)


def _so_far(task: Task) -> list[tuple[str, str]]:
    counts = _counts(task)
    if not counts.total:
        return []
    figures = [
        ("Sent", counts.accepted),
        ("Failed", counts.failed),
        ("Cancelled", counts.cancelled),
        ("In doubt", counts.in_doubt),
        ("Still to be sent", counts.open),
    ]
    return [(name, f"{count:,}") for name, count in figures if count]


def _warnings(task: Task) -> list[str]:
    return [warning for warn in WARNERS for warning in warn(task)]


def _merge_fields(task: Task) -> merge_fields.MergeFieldReport:
    templates = task.templates.order_by("pk")
    return merge_fields.report(templates, lifecycle.expected_contacts(task))


def _plan(task: Task) -> list[tuple[str, str]]:
    """Summary of what a task would send, shown before its launch."""
    templates = ", ".join(
        f"{choice.template} (weight {choice.weight})"
        for choice in task.tasktemplate_set.select_related("template").order_by("pk")
    )
    contacts = audience.contacts_of(task)
    suppressed = contacts.count() - audience.mailable(contacts).count()
    return [
        ("From", str(task.sender or "no sender")),
        ("Templates", templates or "none"),
        ("Audience", _audience(task)),
        ("Left out", f"{counted(suppressed, 'contact')} on the suppression list"),
        ("Email services", _listed(task.services.all()) or "all that its owner may use"),
    ]


def _audience(task: Task) -> str:
    """Description of a task's audience."""
    if task.audience == Audience.TAGS:
        whom = f"contacts with any of the tags {_listed(task.include_tags.all()) or '(none)'}"
    elif task.audience == Audience.CHOSEN:
        whom = f"{counted(task.contacts.count(), 'chosen contact')}"
    else:
        whom = f"all contacts of {task.owner}"
    without = _listed(task.exclude_tags.all())
    return f"{whom}, never those with {without}" if without else whom


def _listed(rows: QuerySet[Any]) -> str:
    return ", ".join(str(row) for row in rows)
