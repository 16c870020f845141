"""What can be done to a task: the question that is asked first, and the verb that does it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from campaigns import lifecycle, retries
from campaigns.admin.confirmation import Question, StyledForm
from campaigns.models import SubTask, Tally, Task


@dataclass(frozen=True, slots=True)
class Step:
    """`do` returns what has been done, in a sentence, and may raise NotPossible."""

    name: str
    question: Callable[[Task], Question]
    do: Callable[[Task, dict[str, Any]], str]
    form: type[forms.Form] | None = None


class ScheduleForm(StyledForm):
    at = forms.DateTimeField(
        label="When",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"].help_text = f"In the time zone {timezone.get_current_timezone_name()}."

    def clean_at(self) -> dt.datetime:
        at: dt.datetime = self.cleaned_data["at"]
        if at <= timezone.now():
            raise forms.ValidationError("Choose a time that is still to come.")
        return at


class PauseForm(StyledForm):
    reason = forms.CharField(
        required=False, max_length=500, help_text="Shown to whoever looks at the task."
    )


def ask_launch(task: Task) -> Question:
    recipients = lifecycle.expected_recipients(task)
    return Question(
        f"Launch {task}?",
        f"Sending to {recipients:,} recipients starts at once. The content, the audience and the "
        "sender are frozen: later changes do not reach this task.",
        f"Launch to {recipients:,} recipients",
        details=_plan(task),
        problems=lifecycle.problems(task),
    )


def launch(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.launch(task)
    return "Launched."


def ask_schedule(task: Task) -> Question:
    recipients = lifecycle.expected_recipients(task)
    return Question(
        f"Schedule {task}?",
        "At the time you choose the task is launched to whoever matches its audience then; now "
        f"these are {recipients:,} recipients.",
        "Schedule",
        details=_plan(task),
        problems=lifecycle.problems(task),
    )


def schedule(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.schedule(task, cleaned["at"])
    return f"Scheduled for {timezone.localtime(cleaned['at']):%Y-%m-%d %H:%M %Z}."


def ask_unschedule(task: Task) -> Question:
    text = "The task becomes a draft again. Nothing is sent."
    return Question(f"Unschedule {task}?", text, "Unschedule")


def unschedule(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.unschedule(task)
    return "Taken off the schedule."


def ask_pause(task: Task) -> Question:
    text = (
        f"{_left(task):,} messages are not sent yet; they wait until you resume. What is being "
        "handed over at this moment still goes out."
    )
    return Question(f"Pause {task}?", text, "Pause")


def pause(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.pause(task, cleaned["reason"])
    return f"Paused. {cleaned['reason']}".strip()


def ask_resume(task: Task) -> Question:
    text = f"Sending goes on with the {_left(task):,} messages that are left."
    return Question(f"Resume {task}?", text, "Resume")


def resume(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.resume(task)
    return "Resumed."


def ask_cancel(task: Task) -> Question:
    text = (
        f"{_left(task):,} messages that are not handed over yet are never sent. A cancelled task "
        "cannot be resumed; clone it to start again."
    )
    return Question(f"Cancel {task}?", text, "Cancel the task", danger=True)


def cancel(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.cancel(task)
    return "Cancelled."


def ask_retry(task: Task) -> Question:
    plan = retries.plan(_failed(task))
    return Question(
        f"Retry the failed SubTasks of {task}?",
        plan.explain(),
        f"Retry {plan.retryable:,} SubTasks",
        problems=() if plan.retryable else ("None of them can be sent again.",),
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


def _left(task: Task) -> int:
    return Tally.objects.counts(task.pk).open


def _plan(task: Task) -> list[str]:
    """What a task would send, for whoever is about to launch it."""
    templates = ", ".join(
        f"{choice.template} (weight {choice.weight})"
        for choice in task.tasktemplate_set.select_related("template")
    )
    services = ", ".join(str(service) for service in task.services.all())
    return [
        f"From: {task.sender or 'nobody'}",
        f"Templates: {templates or 'none'}",
        f"Audience: {task.get_audience_display()}",
        f"Email services: {services or 'all that its owner may use'}",
    ]
