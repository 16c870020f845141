"""Actions of a task's page: each asks for confirmation, is logged, and calls
`campaigns.state.lifecycle`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from admin_kit.base import OwnedAdmin, Visitor
from admin_kit.confirmation import Question, StyledForm, ask, is_confirmed, page, say
from admin_kit.typed import button
from admin_kit.words.stored_texts import in_english
from campaigns.admin import retrying
from campaigns.admin import task_steps as steps
from campaigns.admin.ab_tests.actions import DecidesTests, may_decide
from campaigns.admin.approvals.buttons import APPROVALS, ApprovesTasks
from campaigns.admin.approvals.buttons import may as may_approve
from campaigns.admin.exports.buttons import ExportTask, has_results
from campaigns.admin.recipients import numbers
from campaigns.admin.seeing.campaigns import TaskPreview
from campaigns.admin.segments.follow_ups import FOLLOW_UPS, TaskFollowUps
from campaigns.admin.task_steps import ScheduleForm, Step
from campaigns.admin.templates.checklist import OverruleForm, shown_findings, summary
from campaigns.approvals import asking
from campaigns.models import SubTask, Tally, Task
from campaigns.preflight.checklist.findings import Finding, Level
from campaigns.recipients import promises
from campaigns.recipients.decision import UnknownAudience
from campaigns.state import bulk, lifecycle, retries, transitions

BEGINNINGS = ("launch", "schedule")
"""What has no button before an approval that is wanted: the page says so, and how to ask."""
LAUNCH = "admin/campaigns/task/launch.html"


class TaskActions(ApprovesTasks, DecidesTests, TaskFollowUps, ExportTask, TaskPreview, OwnedAdmin):
    """The buttons of a task's page; FOLLOW_UPS are links within it."""

    actions_detail = (
        "preview",
        "launch",
        "approve",
        "send_back",
        "ask_approval",
        "schedule",
        "unschedule",
        "pause",
        "resume",
        "retry_failed",
        "decide_test",
        "clone",
        "export_results",
        "cancel",
        *FOLLOW_UPS,
    )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Those that the task's status allows."""
        task = self.get_object(request, str(object_id))
        actions = super().get_actions_detail(request, object_id)
        return [
            each
            for each in actions
            if task and self._may(task, each.method.original_function_name, request.user)
        ]

    def _may(self, task: Task, name: str, user: Visitor) -> bool:
        if name in APPROVALS:
            return may_approve(task, name, user)
        if name in transitions.TRANSITIONS and transitions.why_not(task, name):
            return False
        if name in BEGINNINGS and asking.problem(task):
            return False
        if name == "export_results":
            return has_results(task)
        if name == "decide_test":
            return may_decide(task)
        if name == "retry_failed":
            return self._may_retry(task)
        return name not in FOLLOW_UPS

    def _may_retry(self, task: Task) -> bool:
        failed = SubTask.objects.filter(task=task).failed()
        return Tally.objects.counts(task.pk).failed > 0 and retries.may_help(failed)

    @button(
        _("Launch"),
        "launch",
        icon="rocket_launch",
        variant=ActionVariant.PRIMARY,
        permissions=["campaigns.launch_task"],
    )
    def launch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._take(request, object_id, steps.LAUNCH)

    @button(
        _("Schedule"),
        "schedule",
        icon="schedule",
        permissions=["campaigns.launch_task"],
    )
    def schedule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._take(request, object_id, steps.SCHEDULE)

    @button(
        _("Unschedule"),
        "unschedule",
        icon="event_busy",
        permissions=["campaigns.launch_task"],
    )
    def unschedule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._take(request, object_id, steps.UNSCHEDULE)

    @button(
        _("Pause"),
        "pause",
        icon="pause",
        variant=ActionVariant.WARNING,
        permissions=["campaigns.control_task"],
    )
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._take(request, object_id, steps.PAUSE)

    @button(
        _("Resume"),
        "resume",
        icon="play_arrow",
        variant=ActionVariant.PRIMARY,
        permissions=["campaigns.control_task"],
    )
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._take(request, object_id, steps.RESUME)

    @button(
        _("Retry failed"),
        "retry-failed",
        icon="replay",
        permissions=["campaigns.retry_subtask"],
    )
    def retry_failed(self, request: HttpRequest, object_id: str) -> HttpResponse:
        task: Task = self.visible(request, object_id)
        if retrying.is_too_many(task) and not transitions.why_not(task, "retry_failed"):
            return self._retry_in_the_background(request, task)
        return self._take(request, object_id, steps.RETRY)

    def _retry_in_the_background(self, request: HttpRequest, task: Task) -> HttpResponse:
        at = retrying.asked_at(request)
        if is_confirmed(request):
            self.log_change(request, task, gettext_noop("Asked for a retry of all that failed."))
            chosen = bulk.Selection(at, task.pk)
            return retrying.begin(request, bulk.RETRY_FAILED, chosen, str(task))
        question = retrying.ask(task, Tally.objects.counts(task.pk).failed)
        question = retrying.put_at(retrying.in_the_background(question), at)
        return ask(request, self, question, original=task, back_url=self._change_url(task))

    @button(
        _("Cancel"),
        "cancel",
        icon="cancel",
        variant=ActionVariant.DANGER,
        permissions=["campaigns.control_task"],
    )
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._take(request, object_id, steps.CANCEL)

    @button(
        _("Clone"),
        "clone",
        icon="content_copy",
        permissions=["campaigns.add_task"],
    )
    def clone(self, request: HttpRequest, object_id: str) -> HttpResponse:
        task = self.visible(request, object_id)
        if not is_confirmed(request):
            question = Question(
                gettext("Clone “%(task)s”?") % {"task": task},
                gettext(
                    "A new draft is made with the same sender, templates, audience and services. "
                    "Nothing is sent."
                ),
                gettext("Clone"),
            )
            return ask(request, self, question, original=task, back_url=self._change_url(task))
        copy = lifecycle.clone(task)
        self.log_addition(
            request,
            copy,
            gettext_noop("Cloned from campaign %(number)s, “%(task)s”.")
            % {"number": task.pk, "task": task},
        )
        say(request, gettext("“%(copy)s” is a new draft.") % {"copy": copy})
        return HttpResponseRedirect(reverse("admin:campaigns_task_step_audience", args=[copy.pk]))

    def _take(self, request: HttpRequest, object_id: str, step: Step) -> HttpResponse:
        """Ask; once confirmed, do it and log it, or show why it cannot be done."""
        task = self.visible(request, object_id)
        if refused := transitions.why_not(task, step.name):
            say(request, refused, error=True)
            return HttpResponseRedirect(self._change_url(task))
        confirmed = is_confirmed(request)
        is_first = step.promises and not confirmed and "counted" not in request.GET
        if is_first and numbers.is_big(task):
            return self._count_first(request, task, step)
        try:
            known = self._promised(request, task) if step.promises and confirmed else {}
        except UnknownAudience as error:
            say(request, str(error), error=True)
            return HttpResponseRedirect(self._change_url(task))
        form = self._form(request, task, step, known) if confirmed else None
        if not confirmed or (form and not form.is_valid()):
            return self._ask(request, task, step, form)
        cleaned = {**(form.cleaned_data if form else {}), "promise": known.get("promise")}
        try:
            done = step.do(task, cleaned)
        except (lifecycle.NotPossible, UnknownAudience) as error:
            say(request, str(error), error=True)
        else:
            overruled = form.overruled if isinstance(form, OverruleForm) else ""
            with in_english():
                self.log_change(request, task, f"{done} {overruled}".strip())
            say(request, gettext("“%(task)s”: %(done)s") % {"task": task, "done": done})
        return HttpResponseRedirect(self._change_url(task))

    def _promised(self, request: HttpRequest, task: Task) -> dict[str, Any]:
        """What was shown to this user, and what the checklist says of it now. Raises
        UnknownAudience.
        """
        promise = promises.shown(task, request.user, request.POST.get("promise", ""))
        _, findings = steps.checked(task, promise)
        return {"promise": promise, "findings": findings}

    def _form(
        self, request: HttpRequest, task: Task, step: Step, known: dict[str, Any]
    ) -> StyledForm | None:
        data = request.POST if is_confirmed(request) else None
        if step.form is None or not issubclass(step.form, OverruleForm):
            return step.form(data) if step.form else None
        form = step.form(data, findings=known["findings"])
        if isinstance(form, ScheduleForm):
            form.propose(task.scheduled_at)
        return form

    def _ask(
        self, request: HttpRequest, task: Task, step: Step, form: StyledForm | None
    ) -> HttpResponse:
        question = step.question(task, request.user)
        context: dict[str, Any] = {"original": task, "back_url": self._change_url(task)}
        context |= self.around(request, task)
        if not step.promises:
            form = form or self._form(request, task, step, {})
            return ask(request, self, question, form=form, **context)
        form = form or self._form(request, task, step, {"findings": question.findings})
        context |= self._checks(request, task, question.findings)
        return ask(request, self, question, form=form, template=LAUNCH, **context)

    def _checks(
        self, request: HttpRequest, task: Task, findings: Sequence[Finding]
    ) -> dict[str, Any]:
        """In one line, with a link to all of it; all of it for those who have no such page."""
        return {
            "check_url": self.check_url(request, task),
            "must_look": any(each.level != Level.NOTE for each in findings),
            "summary": summary(findings),
            "checklist": shown_findings(findings, request.user),
        }

    def check_url(self, request: HttpRequest, task: Task) -> str:
        """The page of the checklist of this campaign; "" for a user who has none."""
        return ""

    def _count_first(self, request: HttpRequest, task: Task, step: Step) -> HttpResponse:
        """A page that asks for the question, which takes seconds."""
        return page(
            request,
            self,
            "admin/campaigns/task/counting.html",
            title=f"{step.name.capitalize()} “{task}”?",
            original=task,
            counted_url=f"{request.path}?counted=1",
            **self.around(request, task),
        )

    def around(self, request: HttpRequest, task: Task) -> dict[str, Any]:
        """What a question shows beside itself, as the last of the steps of a campaign."""
        return {}

    def _change_url(self, task: Task) -> str:
        return self.url("change", task.pk)
