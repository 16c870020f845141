"""Bugs in what a lane calls: they cost one message at most, and never the lane."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from campaigns.models import Content, FailureReason, SubTask
from dispatch import messages
from dispatch.models import Attempt, AttemptOutcome, Pace
from dispatch.orders import Claim
from dispatch.providers.smtp.transport import SmtpTransport
from tests.factories import ContentFactory, SendingTaskFactory, SubTaskFactory

pytestmark = pytest.mark.django_db


def launched(count: int) -> list[SubTask]:
    task = SendingTaskFactory()
    return SubTaskFactory.create_batch(count, task=task, content=ContentFactory(task=task))


def test_a_bug_that_keeps_one_message_from_being_made_fails_that_subtask_only(
    make_service, dispatch, monkeypatch
):
    service = make_service()
    _, unlucky, _ = launched(3)
    compose = messages.compose

    def stumble(claim: Claim, content: Content, domain: str, **others: str) -> object:
        if claim.id == unlucky.pk:
            raise KeyError("a bug")
        return compose(claim, content, domain, **others)

    monkeypatch.setattr(messages, "compose", stumble)
    dispatch()

    unlucky.refresh_from_db()
    assert (unlucky.status, unlucky.failure_reason) == ("failed", FailureReason.RENDER_ERROR)
    assert SubTask.objects.filter(status="sent").count() == 2
    assert Pace.objects.get(service=service).frozen_until is None


def test_a_bug_in_a_transport_after_the_start_leaves_the_message_in_doubt(
    make_service, dispatch, monkeypatch
):
    make_service()
    (subtask,) = launched(1)

    def break_down(self: SmtpTransport, message: object, starting: Callable[[], None]) -> object:
        starting()
        raise KeyError("a bug")

    monkeypatch.setattr(SmtpTransport, "send", break_down)
    dispatch()

    subtask.refresh_from_db()
    assert subtask.in_doubt_since is not None
    assert Attempt.objects.get().outcome == AttemptOutcome.UNKNOWN
