"""What the tests of tracking make: sent SubTasks, events about them, launched content."""

from __future__ import annotations

import itertools
from typing import Any

from django.db.models.functions import Now

from campaigns.launching import frozen_content
from campaigns.models import Content, SubTask, SubTaskStatus, Task, TaskTemplate
from campaigns.rendering import content
from tests.factories import EmailServiceFactory, SenderFactory, SubTaskFactory, TaskFactory
from tracking.event_kinds import EventKind
from tracking.events import apply, inbox
from tracking.events.incoming import Incoming
from tracking.links import personalise
from tracking.models import EventTally

_numbers = itertools.count(1)


def sent(status: str = SubTaskStatus.SENT, **kwargs: Any) -> SubTask:
    """A SubTask that a provider accepted a while ago."""
    values: dict[str, Any] = {"service": EmailServiceFactory, "sent_at": "2020-01-01T00:00Z"}
    for name, value in values.items():
        kwargs.setdefault(name, value() if callable(value) else value)
    subtask: SubTask = SubTaskFactory(status=status, **kwargs)
    return subtask


def event(kind: EventKind, subtask: SubTask | None = None, **kwargs: Any) -> Incoming:
    """An event as a provider tells it, different from every other."""
    kwargs.setdefault("dedupe_key", f"event-{next(_numbers)}")
    kwargs.setdefault("source", "postmark")
    if subtask is not None:
        kwargs.setdefault("subtask_id", subtask.pk)
    return Incoming(kind=kind, **kwargs)


def tell(kind: EventKind, subtask: SubTask | None = None, **kwargs: Any) -> None:
    """An event comes in and is applied."""
    inbox.accept([event(kind, subtask, **kwargs)])
    apply.apply_waiting()


def apply_all() -> None:
    """Every event that is due is applied, however slow the machine is: a call applies for about a
    second at most.
    """
    while apply.apply_waiting():
        pass


def now(subtask: SubTask) -> SubTask:
    """The row as it is now."""
    return SubTask.objects.get(pk=subtask.pk)


def frozen(html: str, *, text: str = "", postal_address: str = "", **kwargs: Any) -> Content:
    """Content as a launch leaves it behind."""
    sender = SenderFactory(postal_address=postal_address)
    task: Task = TaskFactory(
        owner=sender.owner, sender=sender, template__html=html, template__text=text, **kwargs
    )
    return frozen_content.freeze(task, TaskTemplate.objects.get(task=task))


def rendered(made: Content, subtask_id: int = 1, **variables: Any) -> content.Rendered:
    """What a recipient with these variables gets."""
    return content.render(made, personalise.variables(subtask_id, made, variables))


def from_launch(made: Content, **kwargs: Any) -> SubTask:
    """A SubTask that was sent with this content."""
    return sent(task=made.task, content=made, sent_at=Now(), **kwargs)


def counted() -> dict[tuple[str, str], tuple[int, int]]:
    """Events and recipients by kind and actor, all that came in applied."""
    apply_all()
    return {(t.kind, t.actor): (t.events, t.recipients) for t in EventTally.objects.all()}
