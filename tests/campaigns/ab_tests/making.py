"""Campaigns with an A/B test, at each stage of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.db.models.functions import Now

from campaigns.ab_tests import deciding
from campaigns.launching import launch
from campaigns.models import ABSample, ABTest, Contact, Content, SubTask, Task, TaskTemplate
from campaigns.models.ab_test import UNTIL_RELEASED
from tests.factories import EmailServiceFactory, TaskFactory
from tests.tracking.making import event
from tracking.event_kinds import EventKind
from tracking.events import apply, inbox
from tracking.models import Event

HTML = '<p>Hi {{ name }}</p><a href="https://example.com/offer">Offer</a>'
SUBJECTS = ("", "Second subject", "Third subject")


def planned(
    recipients: int,
    variants: int = 3,
    status: str = "queued",
    owner: User | None = None,
    **settings: Any,
) -> Task:
    """A campaign to so many, whose variants differ in the subject, and its test."""
    values = {"owner": owner} if owner else {}
    task = TaskFactory(
        status=status, launched_at=Now(), track_opens=True, template__html=HTML, **values
    )
    choice = TaskTemplate.objects.get(task=task)
    for subject in SUBJECTS[1:variants]:
        TaskTemplate.objects.create(task=task, template=choice.template, subject=subject)
    ABTest.objects.create(task=task, **settings)
    Contact.objects.bulk_create(
        Contact(owner=task.owner, email=f"r{n:05}@example.com") for n in range(recipients)
    )
    return task


def launched(recipients: int, variants: int = 3, **settings: Any) -> Task:
    task = planned(recipients, variants, **settings)
    launch.expand(task.pk)
    task.refresh_from_db()
    return task


def collecting(recipients: int, variants: int = 3, **settings: Any) -> Task:
    """Whose sample was handed over just now."""
    task = launched(recipients, variants, **settings)
    hand_over(sample_of(task))
    deciding.look_at_tests()
    return task


def hand_over(subtasks: QuerySet[SubTask]) -> None:
    subtasks.update(
        status="sent", service=EmailServiceFactory(), sent_at=Now() - dt.timedelta(minutes=5)
    )


def contents(task: Task) -> list[int]:
    return list(Content.objects.filter(task=task).order_by("pk").values_list("pk", flat=True))


def sample_of(task: Task) -> QuerySet[SubTask]:
    ids = ABSample.objects.get(test=task.pk).subtask_ids
    return SubTask.objects.filter(pk__in=ids)


def rest_of(task: Task) -> QuerySet[SubTask]:
    ids = ABSample.objects.get(test=task.pk).subtask_ids
    return SubTask.objects.filter(task=task).exclude(pk__in=ids)


def waiting(task: Task) -> QuerySet[SubTask]:
    return SubTask.objects.filter(task=task, status="pending", available_at=UNTIL_RELEASED)


def test_of(task: Task) -> ABTest:
    return ABTest.objects.get(pk=task.pk)


test_of.__test__ = False  # type: ignore[attr-defined]  # not one of pytest's


def happen(kind: EventKind, task: Task, variant: int, number: int, **values: Any) -> None:
    """So many of the sample's recipients of a variant do something."""
    of_variant = sample_of(task).filter(content=contents(task)[variant]).order_by("pk")
    inbox.accept([event(kind, subtask, **values) for subtask in of_variant[:number]])
    Event.objects.update(due_at=Now())  # clicks on our own links wait for what else comes
    apply.apply_waiting()


def click(task: Task, variant: int, number: int, **values: Any) -> None:
    happen(EventKind.CLICKED, task, variant, number, **values)


def pass_time(task: Task, part: float = 1.0) -> None:
    """A part of the test's time goes by."""
    test = test_of(task)
    assert test.decide_at is not None
    ABTest.objects.filter(pk=task.pk).update(
        decide_at=test.decide_at - test.decide_after * part, looked_at=None
    )
