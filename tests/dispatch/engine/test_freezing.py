"""A service that fails rests, and its messages wait or go through another one."""

from __future__ import annotations

import pytest

from campaigns.models import (
    SubTask,
    SubTaskStatus,
)
from dispatch.models import (
    EmailService,
    Pace,
)
from tests.dispatching import Dispatch, MakeService
from tests.factories import sending_task
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db


def test_a_failing_service_freezes_and_the_subtask_waits_without_using_an_attempt(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    with SmtpServer(["mail:reply:421 4.7.0 Too many messages"]) as server:
        service = make_service(server=server)
        sending_task()
        dispatch(until=lambda: Pace.objects.filter(frozen_until__isnull=False).exists())

    pace = Pace.objects.get(service=service)
    subtask = SubTask.objects.get()
    assert (subtask.status, subtask.attempts, subtask.service) == (SubTaskStatus.PENDING, 0, None)
    assert "Too many messages" in pace.freeze_reason
    assert not pace.needs_person


def test_wrong_credentials_freeze_a_service_until_a_person_unfreezes_it(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    with SmtpServer(["mail:reply:535 5.7.8 Bad credentials"]) as server:
        service = make_service(server=server)
        sending_task()
        dispatch(until=lambda: Pace.objects.filter(needs_person=True).exists())

    assert Pace.objects.get(service=service).needs_person


def test_another_allowed_service_takes_over_from_one_that_freezes(
    smtp: SmtpServer, make_service: MakeService, dispatch: Dispatch
) -> None:
    with SmtpServer(["mail:reply:421 4.7.0 Try later"]) as broken:
        make_service(server=broken)
        good = make_service()
        sending_task(20)
        dispatch()

    assert set(SubTask.objects.values_list("status", "service")) == {("sent", good.pk)}
    assert len(smtp.messages) == 20


def test_ten_failures_in_a_row_freeze_a_service_whoever_they_blame(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    with SmtpServer(["rcpt:reply:450 4.2.1 Mailbox busy"]) as server:
        service = make_service(server=server)
        sending_task(40)
        dispatch(until=lambda: Pace.objects.filter(frozen_until__isnull=False).exists())

    assert "failures in a row" in Pace.objects.get(service=service).freeze_reason


def test_unreadable_credentials_freeze_the_service_and_say_why(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    service = make_service()
    EmailService.objects.filter(pk=service.pk).update(credentials="not encrypted by any key")
    sending_task()

    dispatch(until=lambda: Pace.objects.filter(needs_person=True).exists())

    assert Pace.objects.get(service=service).freeze_reason
    assert SubTask.objects.get().status == SubTaskStatus.PENDING
