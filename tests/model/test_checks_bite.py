"""The guarantees, each with a check that holds, and that fails for a variant deliberately broken: so the checks bite."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Now

from campaigns.models import SubTask, SubTaskStatus
from campaigns.state import states
from campaigns.state.states import Held, NotAsLocked, Settlement
from dispatch.claiming import claims, compose
from dispatch.claiming.deliveries import Claim, Delivery
from dispatch.limits import Limits
from dispatch.message.message import Message
from dispatch.models import Attempt, Dispatcher, EmailService
from dispatch.pace import pace_rows
from dispatch.providers.connect import transport_for
from dispatch.results import recovery, start_log
from tests.audited import offenders
from tests.concurrency import run_together
from tests.deduplicating_provider import DeduplicatingProvider
from tests.dispatch.results.test_start_log import killed_after
from tests.dispatching import Dispatch, MakeService
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    held,
    sending_task,
    token_of,
)
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


@contextmanager
def caught() -> Iterator[None]:
    """The check must fail."""
    with pytest.raises(AssertionError):
        yield


def in_flight(service: EmailService, **kwargs: Any) -> SubTask:
    """A SubTask that a dispatcher was handing over when it died."""
    dead = DispatcherFactory(heartbeat_at=LONG_AGO)
    times = {"allocated_at": Now(), "sending_at": Now()}
    return held(SubTaskStatus.SENDING, dead, service, **times, **kwargs)


# The fence


def check_that_a_stale_dispatcher_writes_nothing() -> None:
    subtask = in_flight(EmailServiceFactory())
    recovery.recover_dead()
    changed = states.settle([Settlement(subtask.pk, token_of(subtask), SubTaskStatus.SENT)])
    subtask.refresh_from_db()
    assert not changed
    assert subtask.in_doubt_since


def test_without_the_fence_a_stale_dispatcher_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    check_that_a_stale_dispatcher_writes_nothing()
    fenced = states._ids
    unfenced = lambda sql, params: fenced(sql.replace("AND s.claim_token = v.token", ""), params)  # noqa: E731
    monkeypatch.setattr(states, "_ids", unfenced)
    with caught():
        check_that_a_stale_dispatcher_writes_nothing()


# The claim


def check_that_two_claims_at_the_same_moment_differ() -> None:
    sending_task(6)
    task_id = SubTask.objects.values_list("task", flat=True).latest("pk")
    service, dispatchers = EmailServiceFactory(), DispatcherFactory.create_batch(2)
    both_have_read = threading.Barrier(2, timeout=10)

    def claim(dispatcher: Dispatcher) -> list[int]:
        with transaction.atomic():
            found = claims.lock_claimable(task_id, 3)
            both_have_read.wait()
            claims.take([(each, service.pk) for each in found], uuid.uuid4(), dispatcher.pk)
        return [each.id for each in found]

    first, second = run_together(*[lambda d=each: claim(d) for each in dispatchers])
    assert not set(first) & set(second)
    assert len(first) == len(second) == 3


def select_without_lock(task_id: int, limit: int) -> list[Claim]:
    rows = SubTask.objects.claimable(task_id)
    return [Claim(*row) for row in rows.values_list(*claims.COLUMNS)[:limit]]


@pytest.mark.django_db(transaction=True)
def test_a_claim_that_selects_first_and_updates_later_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check_that_two_claims_at_the_same_moment_differ()
    monkeypatch.setattr(claims, "lock_claimable", select_without_lock)
    with pytest.raises((AssertionError, NotAsLocked)):  # the product may notice before the check
        check_that_two_claims_at_the_same_moment_differ()


# Recovery


def check_that_a_crash_after_the_hand_over_mails_nobody_twice(
    service: EmailService, server: SmtpServer, dispatch: Dispatch
) -> None:
    task = SendingTaskFactory()
    content = ContentFactory(task=task)
    subtask = in_flight(service, task=task, content=content)
    hand_over(subtask, service)
    recovery.recover_dead()
    dispatch(until=lambda: SubTask.objects.get(pk=subtask.pk).status == "sent", seconds=1)
    got = [mail for mail in server.messages if mail.recipient == subtask.recipient_email]
    assert len(got) == 1


def hand_over(subtask: SubTask, service: EmailService) -> None:
    """What the dispatcher did before it died."""
    claim = Claim(*SubTask.objects.values_list(*claims.COLUMNS).get(pk=subtask.pk))
    message = compose.compose(claim, subtask.content, service.domain)
    assert isinstance(message, Message)
    transport = transport_for(service)
    transport.send(message, lambda: None)
    transport.close()


def reset_blindly(dispatcher_id: int) -> tuple[list[Any], list[Any]]:
    SubTask.objects.filter(dispatcher_id=dispatcher_id).update(
        status="pending", service=None, claim_token=None, dispatcher_id=None
    )
    return [], []


def test_a_blind_reset_of_what_was_being_sent_is_caught(
    monkeypatch: pytest.MonkeyPatch, make_service: MakeService, smtp: SmtpServer, dispatch: Dispatch
) -> None:
    service = make_service()
    check_that_a_crash_after_the_hand_over_mails_nobody_twice(service, smtp, dispatch)
    monkeypatch.setattr(states, "reclaim", reset_blindly)
    with caught():
        check_that_a_crash_after_the_hand_over_mails_nobody_twice(service, smtp, dispatch)


def check_that_the_living_are_left_alone() -> None:
    DispatcherFactory()
    assert recovery.recover_dead() == 0


def test_a_lease_judged_by_a_host_whose_clock_is_fast_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check_that_the_living_are_left_alone()
    fast = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10)
    monkeypatch.setattr(recovery, "Now", lambda: Value(fast))
    with caught():
        check_that_the_living_are_left_alone()


# The start log


def check_that_a_kill_on_the_wire_mails_nobody_twice(
    service: EmailService, server: SmtpServer, dispatch: Dispatch
) -> None:
    task = SendingTaskFactory()
    subtask = in_flight(service, task=task, content=ContentFactory(task=task))
    subtask.refresh_from_db()
    assert subtask.dispatcher_id is not None
    gone = Dispatcher.objects.get(pk=subtask.dispatcher_id)
    name = start_log.Name(gone.cluster, gone.pk)
    killed_after(name, [Held(subtask.pk, token_of(subtask))])
    hand_over(subtask, service)
    recovery.recover_gone(name)
    dispatch(until=lambda: SubTask.objects.get(pk=subtask.pk).status == "sent", seconds=1)
    got = [mail for mail in server.messages if mail.recipient == subtask.recipient_email]
    assert len(got) == 1


@pytest.mark.django_db(transaction=True)
def test_a_lane_that_notes_its_start_too_late_is_caught(
    monkeypatch: pytest.MonkeyPatch, smtp: SmtpServer, make_service: MakeService, dispatch: Dispatch
) -> None:
    check_that_a_kill_on_the_wire_mails_nobody_twice(make_service(), smtp, dispatch)
    monkeypatch.setattr(start_log, "read", lambda name: {})
    with caught():
        check_that_a_kill_on_the_wire_mails_nobody_twice(make_service(), smtp, dispatch)


# Repeating what is in doubt


def check_that_a_repeat_mails_nobody_twice(dispatch: Dispatch) -> None:
    EmailService.objects.update(enabled=False)
    with DeduplicatingProvider() as provider:
        EmailServiceFactory(provider="resend", settings=provider.settings())
        sending_task(1)
        provider.misdeeds = ["cut"]
        dispatch()
        half_a_minute_ago = Now() - dt.timedelta(seconds=31)
        SubTask.objects.in_doubt().update(in_doubt_since=half_a_minute_ago)
        dispatch(until=lambda: not SubTask.objects.exclude(status="sent").exists())
    assert len(provider.requests) == 2
    assert len(provider.accepted) == 1


def test_a_repeat_under_another_key_is_caught(
    monkeypatch: pytest.MonkeyPatch, dispatch: Dispatch
) -> None:
    check_that_a_repeat_mails_nobody_twice(dispatch)
    monkeypatch.setattr(Delivery, "idempotency_key", property(lambda delivery: str(uuid.uuid4())))
    with caught():
        check_that_a_repeat_mails_nobody_twice(dispatch)


# Quota and pace


def check_that_the_quota_holds(make_service: MakeService, dispatch: Dispatch) -> None:
    service = make_service(daily_quota=3)
    sending_task(8)
    dispatch(seconds=1.5)
    assert Attempt.objects.filter(service=service).count() == 3
    assert not offenders()


def test_a_quota_that_is_not_charged_with_the_claim_is_caught(
    monkeypatch: pytest.MonkeyPatch, make_service: MakeService, dispatch: Dispatch
) -> None:
    monkeypatch.setattr(pace_rows, "charge", lambda *args: None)
    with caught():
        check_that_the_quota_holds(make_service, dispatch)


def test_a_quota_that_is_charged_holds(make_service: MakeService, dispatch: Dispatch) -> None:
    check_that_the_quota_holds(make_service, dispatch)


def check_that_the_pace_holds(make_service: MakeService, dispatch: Dispatch) -> None:
    make_service(sending_interval="0.1")
    sending_task(5)
    dispatch()
    assert not offenders()


def test_a_pace_that_does_not_follow_from_the_last_start_is_caught(
    monkeypatch: pytest.MonkeyPatch, make_service: MakeService, dispatch: Dispatch
) -> None:
    monkeypatch.setattr(Limits, "after", lambda self, next_send_at, start: start)
    with caught():
        check_that_the_pace_holds(make_service, dispatch)


def test_a_pace_that_follows_from_the_last_start_holds(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    check_that_the_pace_holds(make_service, dispatch)
