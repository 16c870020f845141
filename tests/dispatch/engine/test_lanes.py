"""Bugs in what a lane calls cost one message at most, and never the lane; a lane that hangs costs no
pace.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from campaigns.models import Content, FailureReason, SubTask
from dispatch.claiming import compose as messages
from dispatch.claiming.deliveries import Claim
from dispatch.models import Attempt, AttemptOutcome, Pace
from dispatch.providers.smtp.transport import SmtpTransport
from tests.deduplicating_provider import DeduplicatingProvider
from tests.dispatching import Dispatch, MakeService
from tests.factories import (
    EmailServiceFactory,
    one_message,
    sending_task,
)

pytestmark = pytest.mark.django_db


def test_a_bug_that_keeps_one_message_from_being_made_fails_that_subtask_only(
    make_service: MakeService, dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make_service()
    _, unlucky, _ = sending_task(3).subtasks.order_by("pk")
    compose = messages.compose

    def stumble(claim: Claim, content: Content, domain: str, **others: Any) -> object:
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
    make_service: MakeService, dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_service()
    subtask = one_message()

    def break_down(self: SmtpTransport, message: object, starting: Callable[[], None]) -> object:
        starting()
        raise KeyError("a bug")

    monkeypatch.setattr(SmtpTransport, "send", break_down)
    dispatch()

    subtask.refresh_from_db()
    assert subtask.in_doubt_since is not None
    assert Attempt.objects.get().outcome == AttemptOutcome.UNKNOWN


def test_lanes_that_get_no_answer_are_joined_by_others(dispatch: Dispatch) -> None:
    """The pace needs two, as long as the provider answers; three wait for ever."""
    with DeduplicatingProvider() as provider:
        EmailServiceFactory(
            provider="resend",
            settings=provider.settings(),
            sending_interval="0.02",
            max_connections=4,
        )
        sending_task(30)
        provider.misdeeds = ["hang"] * 3

        def others_arrive() -> bool:
            if SubTask.objects.filter(status="sent").count() < 27:
                return False
            provider.stopping.set()
            return True

        dispatch(others_arrive)
    assert SubTask.objects.filter(status="sent").count() == 27
