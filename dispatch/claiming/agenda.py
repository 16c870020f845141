"""What there is to do: the tasks that are being sent and the services that may carry them. Read,
never locked.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from campaigns.models import SubTask, SubTaskStatus, Task, TaskStatus
from dispatch.claiming import leases
from dispatch.limits import Limits
from dispatch.models import BounceMailbox, EmailService
from dispatch.providers import idempotency_window

START_MARGIN = dt.timedelta(minutes=1)
"""A repeat starts so long before the provider's window is over: it has to arrive within it."""


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """An enabled service as its staff set it up."""

    id: int
    name: str
    domain: str
    provider: str
    credentials: str
    max_connections: int
    limits: Limits
    bounce_domain: str = ""
    """Where the bounces of its messages go; "" for their sender."""

    @property
    def connects_with(self) -> tuple[str, ...]:
        """When this changes, open connections are of no use any more."""
        return self.provider, self.credentials, self.domain, self.bounce_domain

    @property
    def repeat_window(self) -> dt.timedelta:
        """How long after a hand-over in doubt a repeat of it may start; negative for never."""
        return idempotency_window(self.provider) - START_MARGIN


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """A task with SubTasks still to be sent. `available_at` is when the first of them may be."""

    id: int
    owner_id: int
    priority: int
    available_at: dt.datetime
    service_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Agenda:
    services: dict[int, ServicePlan]
    tasks: dict[int, TaskPlan]
    dispatchers: int
    """How many dispatchers go on: connections are shared between so many."""
    in_doubt: frozenset[int] = frozenset()
    """Services that may repeat a hand-over in doubt."""

    def tasks_for(self, service_id: int, now: dt.datetime) -> list[TaskPlan]:
        """What this service could send at this time."""
        return [
            task
            for task in self.tasks.values()
            if service_id in task.service_ids and task.available_at <= now
        ]


def read() -> Agenda:
    services = {service.id: service for service in _services()}
    return Agenda(
        services,
        {task.id: task for task in _tasks(frozenset(services))},
        max(1, leases.going_on().count()),
        _in_doubt(services.values()),
    )


def _in_doubt(services: Iterable[ServicePlan]) -> frozenset[int]:
    by_window: dict[dt.timedelta, list[int]] = defaultdict(list)
    for service in services:
        if service.repeat_window > dt.timedelta(0):
            by_window[service.repeat_window].append(service.id)
    return frozenset(
        service_id
        for window, ids in by_window.items()
        for service_id in SubTask.objects.repeatable(ids, window)
        .order_by()
        .values_list("service_id", flat=True)
        .distinct()
    )


def _services() -> list[ServicePlan]:
    return [
        ServicePlan(
            id=service.pk,
            name=service.name,
            domain=service.domain,
            provider=service.provider,
            credentials=service.credentials,
            max_connections=service.max_connections,
            limits=service.limits,
            bounce_domain=bounce_domain_of(service),
        )
        for service in EmailService.objects.filter(enabled=True).select_related(
            "pace", "bounce_mailbox"
        )
    ]


def bounce_domain_of(service: EmailService) -> str:
    """Where the bounces of its messages go; "" when no mailbox of it is read."""
    mailbox: BounceMailbox | None = getattr(service, "bounce_mailbox", None)
    return mailbox.domain if mailbox and mailbox.enabled else ""


def _tasks(enabled: frozenset[int]) -> list[TaskPlan]:
    first = SubTask.objects.filter(task=OuterRef("pk"), status=SubTaskStatus.PENDING).order_by(
        "available_at", "id"
    )
    open_tasks = list(
        Task.objects.filter(status=TaskStatus.SENDING)
        .annotate(available_at=Subquery(first.values("available_at")[:1]))
        .filter(available_at__isnull=False)
        .values_list("id", "owner_id", "priority", "available_at")
        .order_by()
    )
    serving = _serving(enabled, [row[0] for row in open_tasks])
    return [
        TaskPlan(task_id, owner_id, priority, available_at, serving(task_id, owner_id))
        for task_id, owner_id, priority, available_at in open_tasks
    ]


def services_for(task: Task, enabled: Iterable[int]) -> frozenset[int]:
    """Those of the enabled services that may carry a task, also one that is not launched yet."""
    return _serving(frozenset(enabled), [task.pk])(task.pk, task.owner_id)


def switched_off(plans: Iterable[TaskPlan]) -> dict[int, list[str]]:
    """The services that would carry each of these tasks if they were on, by name."""
    plans = list(plans)
    names = dict(EmailService.objects.filter(enabled=False).values_list("pk", "name"))
    serving = _serving(frozenset(names), [plan.id for plan in plans])
    return {plan.id: sorted(names[pk] for pk in serving(plan.id, plan.owner_id)) for plan in plans}


def _serving(
    enabled: frozenset[int], task_ids: Sequence[int]
) -> Callable[[int, int], frozenset[int]]:
    """Says for each of these tasks, with its owner, which services may carry it."""
    through = Task.services.through.objects.filter(task__in=task_ids)
    chosen = _pairs(through.values_list("task_id", "emailservice_id"))
    reserved = _reserved()

    def services(task_id: int, owner_id: int) -> frozenset[int]:
        return frozenset(
            service
            for service in enabled & (chosen.get(task_id) or enabled)
            if service not in reserved or owner_id in reserved[service]
        )

    return services


def _reserved() -> dict[int, set[int]]:
    """The owners by whose tasks a service may be used, unless by all: those that are named, and the
    members of the teams that are."""
    named = EmailService.users.through.objects
    members = named.filter(user__team__members__isnull=False)
    return _pairs(
        named.values_list("emailservice_id", "user_id").union(
            members.values_list("emailservice_id", "user__team__members")
        )
    )


def _pairs(rows: object) -> dict[int, set[int]]:
    pairs: dict[int, set[int]] = defaultdict(set)
    for key, value in rows:  # type: ignore[attr-defined]
        pairs[key].add(value)
    return pairs
