"""What a server refuses for good while a message is handed over is an event like any other."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from campaigns.models import Suppression
from tests.dispatching import Dispatch, MakeService
from tests.factories import SubTaskFactory
from tests.smtp_server import SmtpServer
from tracking.events import apply
from tracking.models import Event, EventTally

pytestmark = pytest.mark.django_db


def refused(reply: str, make_service: MakeService, dispatch: Dispatch) -> Any:
    subtask = SubTaskFactory()
    with SmtpServer(behaviours=[f"rcpt:reply:{reply}"]) as server:
        make_service(server=server)
        dispatch()
    apply.apply_waiting()
    subtask.refresh_from_db()
    return subtask


def test_an_address_that_does_not_exist_is_counted_once(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    subtask = refused("550 5.1.1 No such user", make_service, dispatch)
    event = Event.objects.get()
    assert (event.kind, event.source, event.state) == ("hard_bounced", "hand-over", "applied")
    assert event.subtask_id == subtask.pk
    assert "No such user" in event.detail
    tally = EventTally.objects.get(task_id=subtask.task_id)
    assert (tally.kind, tally.events, tally.recipients) == ("hard_bounced", 1, 1)


def test_the_subtask_stays_as_its_outcome_left_it(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    subtask = refused("550 5.1.1 No such user", make_service, dispatch)
    assert (subtask.status, subtask.failure_reason) == ("failed", "rejected")
    assert subtask.bounced_at is None
    assert Suppression.objects.get().source == f"refused while sending message {subtask.pk}"


@pytest.mark.parametrize("reply", ["550 5.7.1 Spam", "550 5.2.1 Disabled", "554 5.6.0 Bad content"])
def test_a_refusal_that_is_no_fault_of_the_address_is_no_bounce(
    reply: str, make_service: MakeService, dispatch: Dispatch
) -> None:
    refused(reply, make_service, dispatch)
    assert not Event.objects.exists()


def test_the_last_try_of_an_address_refused_for_now_is_a_soft_bounce(
    make_service: MakeService, dispatch: Dispatch, settings: Settings
) -> None:
    settings.RETRY_DELAYS_SECONDS = []
    subtask = refused("452 4.2.2 Mailbox full", make_service, dispatch)
    assert (subtask.status, subtask.failure_reason) == ("failed", "retries_exhausted")
    assert Event.objects.get().kind == "soft_bounced"


def test_an_earlier_try_is_none(
    make_service: MakeService, dispatch: Dispatch, settings: Settings
) -> None:
    settings.RETRY_DELAYS_SECONDS = [3600]
    subtask = SubTaskFactory()
    with SmtpServer(behaviours=["rcpt:reply:452 4.2.2 Mailbox full"]) as server:
        make_service(server=server)
        dispatch(until=lambda: type(subtask).objects.filter(attempts__gt=0).exists())
    assert not Event.objects.exists()
