"""The way of one user through the steps of a campaign, driven by posts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaigns.models import Task
from tests.campaigns.admin.staff import signed_in

BEGIN = reverse("admin:campaigns_task_steps")
AUDIENCE = {"name": "Spring", "audience": "all"}
NO_ROWS = {"tasktemplate_set-TOTAL_FORMS": 0, "tasktemplate_set-INITIAL_FORMS": 0}


def step(key: str, task: Task | int) -> str:
    """The address of a step; of "" that which leads to the next one."""
    name = f"admin:campaigns_task_step{'_' if key else ''}{key}"
    return reverse(name, args=[task if isinstance(task, int) else task.pk])


def row(template: Any = "", **values: Any) -> dict[str, Any]:
    """The rows of templates with one new one, as a browser posts them."""
    fields = {"template": getattr(template, "pk", template), "weight": 1, **values}
    return {
        **NO_ROWS,
        "tasktemplate_set-TOTAL_FORMS": 1,
        **{f"tasktemplate_set-0-{name}": value for name, value in fields.items()},
    }


class Way:
    def __init__(self, user: User) -> None:
        self.client: Client = signed_in(user)

    def begin(self, **fields: Any) -> Any:
        return self.client.post(BEGIN, {**AUDIENCE, "_next": "yes", **fields})

    def save(self, key: str, task: Task, **fields: Any) -> Any:
        return self.client.post(step(key, task), {"_next": "yes", **fields})

    def see(self, key: str, task: Task) -> Any:
        return self.client.get(step(key, task))
