"""The steps of a task in admin: the confirmation question of each, and the function it calls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext

from admin_kit.base import Visitor
from admin_kit.confirmation import Question, StyledForm
from admin_kit.moments import with_its_zone
from campaigns.admin.ab_tests import variants
from campaigns.admin.attachments import inline
from campaigns.admin.languages import question as languages
from campaigns.admin.languages.question import Told
from campaigns.admin.planning.moment import LaunchTime
from campaigns.admin.recipients import numbers
from campaigns.admin.templates.checklist import OverruleForm
from campaigns.models import Audience, Promise, SubTask, Tally, Task, TaskStatus
from campaigns.models.tally import TaskCounts
from campaigns.preflight import merge_fields
from campaigns.preflight.checklist import checking
from campaigns.preflight.checklist.findings import Finding, Level, of_level
from campaigns.recipients import promises
from campaigns.recipients.decision import UnknownAudience
from campaigns.state import lifecycle, retries
from campaigns.wording import counted

WARNERS: list[Callable[[Task], list[str]]] = []
"""Functions of dependent apps (dispatch) that return warnings, in sentences, shown before a task is
launched or resumed."""
NO_LANGUAGES = Told()
FORETOLD: list[Callable[[Task, int], list[tuple[str, str]]]] = []
"""Functions of dependent apps (dispatch) that return details, a label and a text, of how so many
messages of a task would be sent if it were launched now."""
NO_FIELDS = merge_fields.NO_FIELDS


@dataclass(frozen=True, slots=True)
class Step:
    """`name` is that of the transition. `do` returns a sentence that says what was done, and may
    raise NotPossible. One that `promises` numbers shows them to a user; what was shown is the
    `promise` that `do` takes.
    """

    name: str
    question: Callable[[Task, Visitor], Question]
    do: Callable[[Task, dict[str, Any]], str]
    form: type[StyledForm] | None = None
    promises: bool = False


class ScheduleForm(OverruleForm):
    although = "Schedule although"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"] = LaunchTime(label=gettext("When"))
        self.order_fields(["at"])

    def propose(self, at: dt.datetime | None) -> None:
        self.fields["at"].initial = at


class PauseForm(StyledForm):
    reason = forms.CharField(required=False, max_length=500, help_text="Shown on the task's page.")


def ask_launch(task: Task, user: Visitor) -> Question:
    shown = show(task, user)
    recipients = counted(shown.sent, "recipient")
    return _before(
        task,
        shown,
        f"Launch “{task}”?",
        f"Sending to {variants.whom(task, shown.sent)} starts at once. The content, the audience "
        "and the sender are frozen: later changes do not reach this task.",
        f"Launch to {recipients}",
    )


def _before(task: Task, shown: Shown, title: str, text: str, button: str) -> Question:
    return Question(
        title,
        text,
        button,
        details=[*plan_of(task, shown), *shown.fields.figures],
        problems=shown.problems,
        warnings=warnings_of_launch(task, shown),
        hidden=shown.hidden,
        findings=shown.findings,
    )


def launch(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.launch(task, cleaned.get("promise"))
    return "Launched."


def ask_schedule(task: Task, user: Visitor) -> Question:
    shown = show(task, user)
    return _before(
        task,
        shown,
        f"Schedule “{task}”?",
        "At the time you choose the task is launched to everyone in its audience then; now "
        f"that would be {counted(shown.sent, 'recipient')}.",
        "Schedule",
    )


def schedule(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.schedule(task, cleaned["at"], cleaned.get("promise"))
    return f"Scheduled for {with_its_zone(cleaned['at'])}."


def ask_unschedule(task: Task, user: Visitor) -> Question:
    text = "The task becomes a draft again. Nothing is sent."
    return Question(f"Unschedule “{task}”?", text, "Unschedule")


def unschedule(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.unschedule(task)
    return "Taken off the schedule."


def ask_pause(task: Task, user: Visitor) -> Question:
    left = counted(_counts(task).open, "message")
    text = (
        f"{left} not sent yet will wait until you resume it. What is being handed over at this "
        "moment still goes out."
    )
    return Question(f"Pause “{task}”?", text, "Pause", details=_so_far(task))


def pause(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.pause(task, cleaned["reason"])
    return f"Paused. {cleaned['reason']}".strip()


def ask_resume(task: Task, user: Visitor) -> Question:
    left = counted(_counts(task).open, "message")
    text = f"Sending goes on with the {left} still to be sent."
    return Question(
        f"Resume “{task}”?", text, "Resume", details=_so_far(task), warnings=_warnings(task)
    )


def resume(task: Task, cleaned: dict[str, Any]) -> str:
    lifecycle.resume(task)
    return "Resumed."


def ask_cancel(task: Task, user: Visitor) -> Question:
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


def ask_retry(task: Task, user: Visitor) -> Question:
    plan = retries.plan(_failed(task))
    return Question(
        f"Retry the failed SubTasks of “{task}”?",
        plan.explain(),
        f"Retry {counted(plan.retryable, 'SubTask')}",
        problems=() if plan.retryable else (f"None of them can be sent again. {plan.left_out()}",),
    )


def retry(task: Task, cleaned: dict[str, Any]) -> str:
    return retries.retry_failed(_failed(task)).explain()


LAUNCH = Step("launch", ask_launch, launch, OverruleForm, promises=True)
SCHEDULE = Step("schedule", ask_schedule, schedule, ScheduleForm, promises=True)
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


def warnings_of_launch(task: Task, shown: Shown) -> list[str]:
    return [
        *variants.warnings(task, shown.sent),
        *shown.languages.warnings,
        *_warnings(task),
    ]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a user is shown of the recipients; nothing while the audience cannot be known."""

    problems: list[str]
    sent: int = 0
    details: Sequence[tuple[str, str]] = ()
    fields: merge_fields.MergeFieldReport = NO_FIELDS
    findings: Sequence[Finding] = ()
    languages: Told = NO_LANGUAGES
    hidden: Mapping[str, Sequence[str]] = field(default_factory=dict)


def show(task: Task, user: Visitor) -> Shown:
    problems = lifecycle.problems(task)
    try:
        promise = promises.show(task, user)
    except UnknownAudience:
        return Shown(problems)
    fields, findings = checked(task, promise)
    blockers = of_level(findings, Level.BLOCKER)
    return Shown(
        problems or [f"{each.name} {each.mend}" for each in blockers],
        promises.numbers(promise).sent,
        numbers.details(promise, user),
        fields,
        findings,
        languages.told(task, promise),
        {"promise": [str(promise.pk)]},
    )


def checked(
    task: Task, promise: Promise
) -> tuple[merge_fields.MergeFieldReport, Sequence[Finding]]:
    """The checklist of what a task would send to those who are promised a message."""
    recipients = promises.recipients(promise)
    fields = merge_fields.report(checking.written_of(task), recipients)
    return fields, checking.of_task(task, recipients, fields)


def plan_of(task: Task, shown: Shown) -> list[tuple[str, str]]:
    """Summary of what a task would send, shown before its launch and its approval."""
    templates = ", ".join(
        variants.described(choice)
        for choice in task.tasktemplate_set.select_related("template", "sender").order_by("pk")
    )
    return [
        ("From", str(task.sender or "no sender")),
        ("Templates", templates or "none"),
        *inline.details(task),
        ("Audience", _audience(task)),
        *shown.details,
        *variants.details(task, shown.sent),
        *shown.languages.details,
        ("Email services", _listed(task.services.all()) or "all that its owner may use"),
        *(detail for foretell in FORETOLD for detail in foretell(task, shown.sent)),
    ]


def _audience(task: Task) -> str:
    """Description of a task's audience."""
    if task.audience == Audience.TAGS:
        whom = _by_tags_and_segments(task)
    elif task.audience == Audience.CHOSEN:
        whom = f"{counted(task.contacts.count(), 'chosen contact')}"
    else:
        whom = f"all contacts of {task.owner}"
    without = _listed(task.exclude_tags.all())
    not_in = _listed(task.exclude_segments.all())
    never = [*([f"with {without}"] if without else []), *([f"in {not_in}"] if not_in else [])]
    return f"{whom}, never those {' or '.join(never)}" if never else whom


def _by_tags_and_segments(task: Task) -> str:
    tags, segments = _listed(task.include_tags.all()), _listed(task.include_segments.all())
    if not segments:
        return f"contacts with any of the tags {tags or '(none)'}"
    within = f"in any of the segments {segments}"
    return f"contacts with any of the tags {tags}, or {within}" if tags else f"contacts {within}"


def _listed(rows: QuerySet[Any]) -> str:
    return ", ".join(str(row) for row in rows)
