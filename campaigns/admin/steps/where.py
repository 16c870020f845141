"""Where one is on the way from an idea to its launch, and what each step still lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import audience
from campaigns.admin.planning.form import names_no_one
from campaigns.models import Task
from campaigns.state import lifecycle

AUDIENCE, CONTENT, DELIVERY = "audience", "content", "delivery"
CHECK, LAUNCH, SCHEDULE = "check", "launch", "schedule"
STEPS = {
    AUDIENCE: _("Audience"),
    CONTENT: _("Content"),
    DELIVERY: _("Delivery"),
    CHECK: _("Check"),
    LAUNCH: _("Launch"),
}
FORMS = (AUDIENCE, CONTENT, DELIVERY)
NEW = "campaigns_task_steps"
RESUMED = "campaigns_task_step"
_KEYS = {f"{RESUMED}_{key}": key for key in (*STEPS, SCHEDULE)} | {NEW: AUDIENCE}


class Step(NamedTuple):
    """`url` leads there, "" for one that cannot be opened yet; `state` says it in words."""

    label: str
    url: str
    is_current: bool
    is_ready: bool
    state: str


def key_of(request: HttpRequest) -> str:
    """The step whose address this is; "" for every other page."""
    match = request.resolver_match
    return _KEYS.get(match.url_name or "", "") if match else ""


def name_of(key: str) -> str:
    return f"{RESUMED}_{key}"


def url_of(key: str, task: Task) -> str:
    return reverse(f"admin:{name_of(key)}", args=[task.pk])


def last_key(task: Task) -> str:
    """At its time, if it has one, else at once."""
    return SCHEDULE if task.scheduled_at else LAUNCH


def lacks(task: Task) -> dict[str, list[str]]:
    """What a launch would miss, by the step that mends it. Counts no one: an audience that turns
    out empty is found by the check."""
    return {
        AUDIENCE: names_no_one(task) or audience.problems(task),
        CONTENT: lifecycle.missing_content(task),
        DELIVERY: lifecycle.missing_delivery(task),
    }


def next_of(task: Task) -> str:
    """The first step that lacks something, else the check."""
    missing = lacks(task)
    return next((key for key in FORMS if missing[key]), CHECK)


def steps(current: str, task: Task | None, may_launch: bool) -> Sequence[Step]:
    current = LAUNCH if current == SCHEDULE else current
    missing: Mapping[str, list[str]] = lacks(task) if task else {}
    return [_step(key, key == current, task, missing, may_launch) for key in STEPS]


def _step(
    key: str, is_current: bool, task: Task | None, missing: Mapping[str, list[str]], may: bool
) -> Step:
    url = ""
    if task is not None and not is_current and (key != LAUNCH or may):
        url = url_of(last_key(task) if key == LAUNCH else key, task)
    is_ready = key in missing and not missing[key]
    return Step(str(STEPS[key]), url, is_current, is_ready, _state(key, is_current, is_ready))


def _state(key: str, is_current: bool, is_ready: bool) -> str:
    if is_current:
        return gettext("you are here")
    if key in FORMS:
        return gettext("ready") if is_ready else gettext("to do")
    return ""
