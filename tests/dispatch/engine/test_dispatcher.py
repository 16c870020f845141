"""One dispatcher against a real SMTP server: what becomes of SubTasks, attempts and services."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from campaigns.models import (
    FailureReason,
    SubTask,
    SubTaskStatus,
    Suppression,
    Tally,
    Task,
)
from campaigns.state import lifecycle
from dispatch.models import (
    Attempt,
    AttemptOutcome,
    ConnectionShare,
    Dispatcher,
    EmailService,
    Pace,
)
from tests.audited import offenders
from tests.dispatching import Dispatch, MakeService, nothing_left
from tests.factories import ContentFactory, SendingTaskFactory, SubTaskFactory, sending_task
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db
Run = Callable[..., Any]


def only() -> SubTask:
    return SubTask.objects.get()


def test_every_subtask_of_a_task_is_sent_once(
    smtp: SmtpServer, make_service: MakeService, dispatch: Dispatch
) -> None:
    make_service()
    sending_task(50)

    dispatch()

    assert set(SubTask.objects.values_list("status", flat=True)) == {SubTaskStatus.SENT}
    assert len(smtp.messages) == len({mail.recipient for mail in smtp.messages}) == 50


def test_every_hand_over_leaves_an_attempt(make_service: MakeService, dispatch: Dispatch) -> None:
    service = make_service()
    sending_task(3)

    dispatch()

    attempts = Attempt.objects.all()
    in_order = attempts.filter(started_at__gte=F("slot_at"), finished_at__gte=F("started_at"))
    assert in_order.count() == 3
    assert {(a.outcome, a.service_id, a.code) for a in attempts} == {("accepted", service.pk, 250)}


def test_the_message_is_from_the_senders_local_part_at_the_services_domain(
    smtp: SmtpServer, make_service: MakeService, dispatch: Dispatch
) -> None:
    make_service(domain="mail.example.org")
    sending_task()

    dispatch()

    assert smtp.messages[0].sender == "news@mail.example.org"
    assert smtp.messages[0].message_id.startswith(f"<{only().pk}.")
    assert smtp.messages[0].message_id.endswith("@mail.example.org>")


def test_a_dispatcher_that_stops_leaves_nothing_behind(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    make_service(sending_interval=1)
    sending_task(20)

    dispatch(until=lambda: Attempt.objects.exists())

    assert not SubTask.objects.filter(status__in=["allocated", "sending"]).exists()
    assert Dispatcher.objects.get().ended_at is not None
    assert not ConnectionShare.objects.exists()


def test_starts_keep_the_interval_exactly(make_service: MakeService, dispatch: Dispatch) -> None:
    make_service(sending_interval="0.1")
    sending_task(6)

    dispatch()

    in_order = Attempt.objects.order_by("started_at").values_list("started_at", flat=True)
    starts = [start for start in in_order if start is not None]
    gaps = [after - before for before, after in itertools.pairwise(starts)]
    assert min(gaps) >= dt.timedelta(seconds=0.1)
    assert offenders() == []


def test_the_quota_is_used_up_and_not_overrun(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    service = make_service(daily_quota=3)
    sending_task(5)

    dispatch(until=lambda: SubTask.objects.filter(status="sent").count() == 3)
    dispatch(seconds=1)

    assert SubTask.objects.filter(status="pending").count() == 2
    assert Pace.objects.get(service=service).quota_used == 3


def test_what_was_claimed_but_not_started_does_not_count_against_the_quota(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    service = make_service(sending_interval=2, burst=1, daily_quota=100)
    sending_task(5)

    dispatch(until=lambda: Attempt.objects.exists())

    assert Pace.objects.get(service=service).quota_used == Attempt.objects.count()


def test_waiting_for_pace_or_quota_uses_up_no_attempt(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    make_service(daily_quota=1)
    sending_task(3)

    dispatch(seconds=1.5)

    assert set(SubTask.objects.values_list("attempts", flat=True)) == {0}


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("rcpt:reply:550 5.1.1 No such user", FailureReason.REJECTED),
        ("dot:reply:554 5.6.0 Content refused", FailureReason.REJECTED),
    ],
)
def test_a_refusal_for_good_fails_the_subtask(
    make_service: MakeService, dispatch: Dispatch, behaviour: str, reason: FailureReason
) -> None:
    with SmtpServer([behaviour]) as server:
        make_service(server=server)
        sending_task()
        dispatch()

    assert (only().status, only().failure_reason) == (SubTaskStatus.FAILED, reason)
    assert Attempt.objects.get().outcome == AttemptOutcome.REJECTED


def test_an_address_that_does_not_exist_is_suppressed(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    with SmtpServer(["rcpt:reply:550 5.1.1 No such user"]) as server:
        make_service(server=server)
        sending_task()
        dispatch()

    assert Suppression.objects.get().email == only().recipient_email


def test_a_refusal_for_now_is_tried_again_after_a_back_off(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    with SmtpServer(["rcpt:reply:450 4.2.1 Mailbox busy"]) as server:
        make_service(server=server)
        sending_task()
        dispatch(until=lambda: Attempt.objects.exists())

    assert (only().status, only().attempts) == (SubTaskStatus.PENDING, 1)
    assert SubTask.objects.filter(available_at__gt=Now() + dt.timedelta(seconds=40)).exists()
    assert "Mailbox busy" in only().error


def test_after_the_last_try_a_subtask_is_given_up(
    make_service: MakeService, dispatch: Dispatch, settings: Settings
) -> None:
    settings.RETRY_DELAYS_SECONDS = [0.01]
    with SmtpServer(["rcpt:reply:450 4.2.1 Mailbox busy"]) as server:
        make_service(server=server)
        sending_task()
        dispatch()

    assert only().failure_reason == FailureReason.RETRIES_EXHAUSTED
    assert Attempt.objects.count() == 2


def test_a_task_is_sent_only_through_its_own_services(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    make_service()
    mine = make_service()
    task = sending_task(10)
    task.services.add(mine)

    dispatch()

    assert set(SubTask.objects.values_list("service", flat=True)) == {mine.pk}


def test_a_service_that_is_reserved_for_others_sends_nothing(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    service = make_service()
    task = sending_task(3)
    service.users.add(sending_task(0).owner)

    dispatch(seconds=1)

    assert Tally.objects.counts(task.pk)["pending"] == 3


@pytest.mark.parametrize("stored", [True, False])
def test_a_message_without_a_reply_is_in_doubt_and_is_not_sent_again(
    make_service: MakeService, dispatch: Dispatch, stored: bool
) -> None:
    with SmtpServer([f"dot:close{'-stored' if stored else ''}"]) as server:
        make_service(server=server)
        sending_task()
        dispatch()
        dispatch(seconds=1)

        assert server.accepted == stored
    assert only().status == SubTaskStatus.SENDING
    assert only().in_doubt_since is not None
    assert Attempt.objects.get().outcome == AttemptOutcome.UNKNOWN


def test_a_template_that_fails_for_one_recipient_fails_that_one_only(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    make_service()
    task: Task = SendingTaskFactory()
    content = ContentFactory(task=task, subject="{{ price | divided_by: parts }}")
    for parts in (1, 0, 2):
        SubTaskFactory(task=task, content=content, variables={"price": 10, "parts": parts})

    dispatch()

    failed = SubTask.objects.get(status=SubTaskStatus.FAILED)
    assert failed.failure_reason == FailureReason.RENDER_ERROR
    assert "Subject" in failed.error
    assert SubTask.objects.filter(status="sent").count() == 2


def test_an_address_suppressed_after_the_launch_is_not_mailed(
    smtp: SmtpServer, make_service: MakeService, dispatch: Dispatch
) -> None:
    make_service()
    sending_task(3)
    first, second, _ = SubTask.objects.order_by("pk")
    Suppression.objects.create(email=first.recipient_email)

    dispatch()

    first.refresh_from_db()
    assert first.failure_reason == FailureReason.SUPPRESSED
    assert first.recipient_email not in {mail.recipient for mail in smtp.messages}
    assert len(smtp.messages) == 2


def test_a_paused_task_hands_nothing_over_and_keeps_nothing_allocated(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    make_service(sending_interval="0.1")
    task = sending_task(30)

    def pause_after_the_first() -> bool:
        task.refresh_from_db()
        if task.status == "sending" and Attempt.objects.exists():
            lifecycle.pause(task)
        return task.status == "paused" and not SubTask.objects.filter(status="allocated").exists()

    dispatch(until=pause_after_the_first)
    sent = Attempt.objects.count()
    dispatch(seconds=1)

    assert Attempt.objects.count() == sent
    assert Tally.objects.counts(task.pk)["pending"] == 30 - sent


def test_a_cancelled_task_fails_what_was_not_handed_over_and_gives_the_quota_back(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    service = make_service(sending_interval="0.1", daily_quota=1000)
    task = sending_task(30)

    def cancel_after_the_first() -> bool:
        task.refresh_from_db()
        if task.status == "sending" and Attempt.objects.exists():
            lifecycle.cancel(task)
        if task.status == "cancelled":
            lifecycle.sweep_cancelled()
        return nothing_left()

    dispatch(until=cancel_after_the_first)

    counts = Tally.objects.counts(task.pk)
    assert counts.by_reason == {"cancelled": 30 - counts["sent"]}
    assert Pace.objects.get(service=service).quota_used == counts["sent"]


def test_a_disabled_service_sends_nothing_more(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    service = make_service(sending_interval="0.1")
    sending_task(30)

    def disable_after_the_first() -> bool:
        if Attempt.objects.exists():
            EmailService.objects.filter(pk=service.pk).update(enabled=False)
        return (
            not EmailService.objects.get().enabled
            and not SubTask.objects.filter(status__in=["allocated", "sending"]).exists()
        )

    dispatch(until=disable_after_the_first)

    assert SubTask.objects.filter(status="pending").exists()


def test_an_address_that_cannot_travel_fails_as_invalid_and_blames_nobody_else(
    smtp: SmtpServer, make_service: MakeService, dispatch: Dispatch
) -> None:
    service = make_service()
    task = sending_task(1)
    SubTaskFactory(
        task=task, content=ContentFactory(task=task), recipient_email="two words@example.com"
    )

    dispatch()

    assert SubTask.objects.get(status="failed").failure_reason == FailureReason.INVALID
    assert Pace.objects.get(service=service).failures_in_row == 0
    assert len(smtp.messages) == 1
