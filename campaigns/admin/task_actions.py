"""Actions of a task's page: each asks for confirmation, is logged, and calls
`campaigns.state.lifecycle`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.enums import ActionVariant

from admin_kit.base import OwnedAdmin
from admin_kit.confirmation import Question, ask, is_confirmed, say
from admin_kit.typed import button
from campaigns.admin import task_steps as steps
from campaigns.admin.task_steps import Step
from campaigns.models import SubTask, Tally, Task
from campaigns.state import lifecycle, retries, transitions


class TaskActions(OwnedAdmin):
    """The buttons of a task's page."""

    actions_detail = (
        "launch",
        "schedule",
        "unschedule",
        "pause",
        "resume",
        "retry_failed",
        "clone",
        "cancel",
    )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Those that the task's status allows."""
        task = self.get_object(request, str(object_id))
        actions = super().get_actions_detail(request, object_id)
        return [
            each for each in actions if task and self._may(task, each.method.original_function_name)
        ]

    def _may(self, task: Task, name: str) -> bool:
        if name in transitions.TRANSITIONS and transitions.why_not(task, name):
            return False
        return name != "retry_failed" or self._may_retry(task)

    def _may_retry(self, task: Task) -> bool:
        failed = SubTask.objects.filter(task=task).failed()
        return Tally.objects.counts(task.pk).failed > 0 and retries.may_help(failed)

    @button(
        "Launch",
        "launch",
        icon="rocket_launch",
        variant=ActionVariant.PRIMARY,
        permissions=["campaigns.launch_task"],
    )
    def launch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._take(request, object_id, steps.LAUNCH)

    @button(
        "Schedule",
        "schedule",
        icon="schedule",
        permissions=["campaigns.launch_task"],
    )
    def schedule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._take(request, object_id, steps.SCHEDULE)

    @button(
        "Unschedule",
        "unschedule",
        icon="event_busy",
        permissions=["campaigns.launch_task"],
    )
    def unschedule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._take(request, object_id, steps.UNSCHEDULE)

    @button(
        "Pause",
        "pause",
        icon="pause",
        variant=ActionVariant.WARNING,
        permissions=["campaigns.control_task"],
    )
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._take(request, object_id, steps.PAUSE)

    @button(
        "Resume",
        "resume",
        icon="play_arrow",
        variant=ActionVariant.PRIMARY,
        permissions=["campaigns.control_task"],
    )
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._take(request, object_id, steps.RESUME)

    @button(
        "Retry failed",
        "retry-failed",
        icon="replay",
        permissions=["campaigns.retry_subtask"],
    )
    def retry_failed(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._take(request, object_id, steps.RETRY)

    @button(
        "Cancel",
        "cancel",
        icon="cancel",
        variant=ActionVariant.DANGER,
        permissions=["campaigns.control_task"],
    )
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._take(request, object_id, steps.CANCEL)

    @button(
        "Clone",
        "clone",
        icon="content_copy",
        permissions=["campaigns.add_task"],
    )
    def clone(self, request: HttpRequest, object_id: str) -> HttpResponse:
        task = self.visible(request, object_id)
        if not is_confirmed(request):
            question = Question(
                f"Clone “{task}”?",
                "A new draft is made with the same sender, templates, audience and services. "
                "Nothing is sent.",
                "Clone",
            )
            return ask(request, self, question, original=task, back_url=self._change_url(task))
        copy = lifecycle.clone(task)
        self.log_addition(request, copy, f"Cloned from task {task.pk}, “{task}”.")
        say(request, f"“{copy}” is a new draft.")
        return HttpResponseRedirect(self._change_url(copy))

    def _take(self, request: HttpRequest, object_id: str, step: Step) -> HttpResponse:
        """Ask; once confirmed, do it and log it, or show why it cannot be done."""
        task = self.visible(request, object_id)
        if refused := transitions.why_not(task, step.name):
            say(request, refused, error=True)
            return HttpResponseRedirect(self._change_url(task))
        confirmed = is_confirmed(request)
        form = step.form(request.POST if confirmed else None) if step.form else None
        if not confirmed or (form and not form.is_valid()):
            context = {"original": task, "form": form, "back_url": self._change_url(task)}
            return ask(request, self, step.question(task), **context)
        try:
            done = step.do(task, form.cleaned_data if form else {})
        except lifecycle.NotPossible as error:
            say(request, str(error), error=True)
        else:
            self.log_change(request, task, done)
            say(request, f"“{task}”: {done}")
        return HttpResponseRedirect(self._change_url(task))

    def _change_url(self, task: Task) -> str:
        return self.url("change", task.pk)
