"""The check before a launch: what is missing, what the checklist finds, and a test."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext

from admin_kit.base import Visitor
from campaigns.admin import task_steps
from campaigns.admin.approvals.buttons import may as may_approve
from campaigns.admin.seeing.campaigns import test_url_of
from campaigns.admin.steps import where
from campaigns.admin.templates.checklist import shown_findings, summary
from campaigns.models import Task
from campaigns.preflight.checklist.findings import Level, of_level

TESTERS = ("campaigns.launch_task", "dispatch.control_emailservice")


class Missing(NamedTuple):
    """`url` leads to the step that mends it, "" for what no step does."""

    label: str
    url: str
    sentences: list[str]


def checked(task: Task, user: Visitor) -> dict[str, Any]:
    shown = task_steps.show(task, user)
    blockers = {f"{each.name} {each.mend}" for each in of_level(shown.findings, Level.BLOCKER)}
    is_ready = not shown.problems
    may_launch = user.has_perm("campaigns.launch_task")
    return {
        "missing": _missing(task, [each for each in shown.problems if each not in blockers]),
        "warnings": task_steps.warnings_of_launch(task, shown) if is_ready else [],
        "plan": task_steps.plan_of(task, shown),
        "checklist": shown_findings(shown.findings, user),
        "summary": summary(shown.findings),
        "is_ready": is_ready,
        "may_launch": may_launch,
        "at": task.scheduled_at,
        "launch_url": where.url_of(where.LAUNCH, task),
        "schedule_url": where.url_of(where.SCHEDULE, task),
        "test_url": test_url_of(task) if any(map(user.has_perm, TESTERS)) else "",
        "may_ask_approval": may_launch and may_approve(task, "ask_approval", user),
    }


def _missing(task: Task, problems: list[str]) -> list[Missing]:
    """Each sentence at its step; what no form mends, such as an approval, at none."""
    by_step = where.lacks(task)
    found = [
        Missing(str(where.STEPS[key]), where.url_of(key, task), sentences)
        for key, sentences in by_step.items()
        if sentences
    ]
    known = {sentence for sentences in by_step.values() for sentence in sentences}
    if rest := [each for each in problems if each not in known]:
        found.append(Missing(gettext("Besides"), "", rest))
    return found
