"""Pages that look otherwise with another row or query, of a furnished database."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.urls import reverse

from campaigns.models import Operation, SubTask, Task
from dispatch.models import EmailService
from tests.campaigns.admin.imports.wizard import page
from tests.factories import SendingTaskFactory, SubTaskFactory

OVER = "Winter sale"
PROVIDERS = ("smtp", "engagelab", "amazon_ses")
DECISIONS = ("was_sent_this", "send_again_this", "give_up_this")


def make(owner: User) -> None:
    """A campaign that is over."""
    task = SendingTaskFactory(owner=owner, name=OVER, launched_at=Now())
    service = EmailService.objects.get(name="North")
    SubTaskFactory(task=task, status="sent", sent_at=Now(), service=service)
    Task.objects.filter(pk=task.pk).update(status="completed", completed_at=Now())


def addresses() -> Iterator[str]:
    over = Task.objects.get(name=OVER)
    yield reverse("admin:campaigns_task_change", args=[over.pk])
    yield reverse("admin:campaigns_task_report", args=[over.pk])
    in_doubt = SubTask.objects.get(in_doubt_since__isnull=False)
    yield from (_of(name, in_doubt) for name in ("change", *DECISIONS))
    failed = SubTask.objects.get(status="failed", task__name="Spring newsletter")
    yield from (_of(name, failed) for name in ("change", "retry_this"))
    begun = Operation.objects.get(title="next.csv")
    yield from (page(name, begun) for name in ("columns", "options"))
    new_service = reverse("admin:dispatch_emailservice_add")
    yield from (f"{new_service}?provider={name}" for name in PROVIDERS)
    yield f"{reverse('found_messages')}?q=ada"
    yield f"{reverse('admin:campaigns_contact_changelist')}?q=not-there"


def _of(name: str, message: SubTask) -> str:
    return reverse(f"admin:campaigns_subtask_{name}", args=[message.pk])
