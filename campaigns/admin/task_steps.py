"""The steps of a task in admin: the confirmation question of each, and the function it calls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.functional import lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import Visitor
from admin_kit.confirmation import Question, StyledForm
from admin_kit.words.moments import with_its_zone
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
from campaigns.preflight.checklist.findings import Finding, Level, in_order, of_level
from campaigns.recipients import promises
from campaigns.recipients.decision import UnknownAudience
from campaigns.state import lifecycle, retries
from campaigns.wording import Text, filled, listed, messages, recipients, sentences

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
    """`name` is that of the transition. `do` returns a sentence that says what was done, in the
    language in which it is shown, and may raise NotPossible. One that `promises` numbers shows
    them to a user; what was shown is the `promise` that `do` takes.
    """

    name: str
    question: Callable[[Task, Visitor], Question]
    do: Callable[[Task, dict[str, Any]], Text]
    form: type[StyledForm] | None = None
    promises: bool = False


class ScheduleForm(OverruleForm):
    although = _("Schedule although")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"] = LaunchTime(label=gettext("When"))
        self.order_fields(["at"])

    def propose(self, at: dt.datetime | None) -> None:
        self.fields["at"].initial = at


class PauseForm(StyledForm):
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        help_text=_("Shown on the campaign’s page."),
    )


def ask_launch(task: Task, user: Visitor) -> Question:
    shown = show(task, user)
    return _before(
        task,
        shown,
        gettext("Launch “%(task)s”?") % {"task": task},
        gettext(
            "Sending to %(whom)s starts at once. The content, the audience and the sender are "
            "frozen: later changes do not reach this campaign."
        )
        % {"whom": variants.whom(task, shown.sent)},
        gettext("Launch to %(recipients)s") % {"recipients": recipients(shown.sent)},
    )


def _before(task: Task, shown: Shown, title: str, text: str, button: str) -> Question:
    return Question(
        title,
        text,
        button,
        details=[*plan_of(task, shown), *shown.fields.gaps],
        problems=shown.problems,
        warnings=warnings_of_launch(task, shown),
        hidden=shown.hidden,
        findings=shown.findings,
    )


def launch(task: Task, cleaned: dict[str, Any]) -> Text:
    lifecycle.launch(task, cleaned.get("promise"))
    return _("Launched.")


def ask_schedule(task: Task, user: Visitor) -> Question:
    shown = show(task, user)
    return _before(
        task,
        shown,
        gettext("Schedule “%(task)s”?") % {"task": task},
        gettext(
            "At the time you choose the campaign is launched to everyone in its audience then; now "
            "that would be %(recipients)s."
        )
        % {"recipients": recipients(shown.sent)},
        gettext("Schedule"),
    )


def schedule(task: Task, cleaned: dict[str, Any]) -> Text:
    lifecycle.schedule(task, cleaned["at"], cleaned.get("promise"))
    return lazy(_scheduled, str)(cleaned["at"])


def _scheduled(at: dt.datetime) -> str:
    return gettext("Scheduled for %(time)s.") % {"time": with_its_zone(at)}


def ask_unschedule(task: Task, user: Visitor) -> Question:
    text = gettext("The campaign becomes a draft again. Nothing is sent.")
    return Question(gettext("Unschedule “%(task)s”?") % {"task": task}, text, gettext("Unschedule"))


def unschedule(task: Task, cleaned: dict[str, Any]) -> Text:
    lifecycle.unschedule(task)
    return _("Taken off the schedule.")


def ask_pause(task: Task, user: Visitor) -> Question:
    left = messages(_counts(task).open)
    text = gettext(
        "%(left)s not sent yet will wait until you resume it. What is being handed over at "
        "this moment still goes out."
    ) % {"left": left}
    return Question(
        gettext("Pause “%(task)s”?") % {"task": task}, text, gettext("Pause"), details=_so_far(task)
    )


def pause(task: Task, cleaned: dict[str, Any]) -> Text:
    lifecycle.pause(task, cleaned["reason"])
    if not cleaned["reason"]:
        return _("Paused.")
    return lazy(_paused, str)(cleaned["reason"])


def _paused(reason: str) -> str:
    return gettext("Paused. %(reason)s") % {"reason": reason}


def ask_resume(task: Task, user: Visitor) -> Question:
    left = messages(_counts(task).open)
    text = gettext("Sending goes on with the %(left)s still to be sent.") % {"left": left}
    return Question(
        gettext("Resume “%(task)s”?") % {"task": task},
        text,
        gettext("Resume"),
        details=_so_far(task),
        warnings=_warnings(task),
    )


def resume(task: Task, cleaned: dict[str, Any]) -> Text:
    lifecycle.resume(task)
    return _("Resumed.")


def ask_cancel(task: Task, user: Visitor) -> Question:
    if task.status == TaskStatus.SCHEDULED:
        text = gettext("It is not launched at its time; no messages are sent.")
    elif task.status == TaskStatus.QUEUED:
        text = gettext("The launch stops; no messages are sent.")
    else:
        left = messages(_counts(task).open)
        text = gettext(
            "%(left)s not handed over yet will never be sent. What was handed over stays sent."
        ) % {"left": left}
    return Question(
        gettext("Cancel “%(task)s”?") % {"task": task},
        sentences(
            text, gettext("A cancelled campaign cannot be resumed; clone it to start again.")
        ),
        gettext("Cancel the campaign"),
        details=_so_far(task),
        danger=True,
    )


def cancel(task: Task, cleaned: dict[str, Any]) -> Text:
    lifecycle.cancel(task)
    return _("Cancelled.")


def ask_retry(task: Task, user: Visitor) -> Question:
    plan = retries.plan(_failed(task))
    return Question(
        gettext("Retry the failed messages of “%(task)s”?") % {"task": task},
        plan.explain(),
        gettext("Retry %(messages)s") % {"messages": messages(plan.retryable)},
        problems=()
        if plan.retryable
        else (sentences(gettext("None of them can be sent again."), plan.left_out()),),
    )


def retry(task: Task, cleaned: dict[str, Any]) -> Text:
    return lazy(retries.retry_failed(_failed(task)).explain, str)()


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
        (gettext("Sent"), counts.accepted),
        (gettext("Failed"), counts.failed),
        (gettext("Cancelled"), counts.cancelled),
        (gettext("In doubt"), counts.in_doubt),
        (gettext("Still to be sent"), counts.open),
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
    told = languages.told(task, promise)
    return Shown(
        problems or [f"{each.name} {each.mend}" for each in blockers],
        promises.numbers(promise).sent,
        numbers.details(promise, user),
        fields,
        in_order([*told.findings, *findings]),
        told,
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
    return [
        *variants.written(task),
        *inline.details(task),
        (gettext("Audience"), _audience(task)),
        *shown.details,
        *variants.details(task, shown.sent),
        *shown.languages.details,
        (
            gettext("Email services"),
            _listed(task.services.all()) or gettext("all that its owner may use"),
        ),
        *(detail for foretell in FORETOLD for detail in foretell(task, shown.sent)),
    ]


def _audience(task: Task) -> str:
    """Description of a task's audience."""
    if task.audience == Audience.TAGS:
        whom = _by_tags_and_segments(task)
    elif task.audience == Audience.CHOSEN:
        chosen = task.contacts.count()
        whom = filled(
            ngettext("%(count)s chosen contact", "%(count)s chosen contacts", chosen), chosen
        )
    else:
        whom = gettext("all contacts of %(owner)s") % {"owner": task.owner}
    without = _listed(task.exclude_tags.all())
    not_in = _listed(task.exclude_segments.all())
    values = {"whom": whom, "tags": without, "segments": not_in}
    if without and not_in:
        return gettext("%(whom)s, never those with %(tags)s or in %(segments)s") % values
    if without:
        return gettext("%(whom)s, never those with %(tags)s") % values
    if not_in:
        return gettext("%(whom)s, never those in %(segments)s") % values
    return whom


def _by_tags_and_segments(task: Task) -> str:
    tags, segments = _listed(task.include_tags.all()), _listed(task.include_segments.all())
    if not segments:
        return gettext("contacts with any of the tags %(tags)s") % {
            "tags": tags or gettext("(none)")
        }
    if tags:
        return gettext(
            "contacts with any of the tags %(tags)s, or in any of the segments %(segments)s"
        ) % {"tags": tags, "segments": segments}
    return gettext("contacts in any of the segments %(segments)s") % {"segments": segments}


def _listed(rows: QuerySet[Any]) -> str:
    return listed(rows)
