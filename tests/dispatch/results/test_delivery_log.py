"""What is logged about messages: ids for whoever collects lines, nothing about people."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from campaigns.models import SubTask
from dispatch.models import Attempt, Dispatcher
from dispatch.providers.smtp.transport import SmtpTransport
from dispatch.results import recovery
from edm_project.logs.lines import FIELDS, JsonFormatter, logging_settings
from tests.dispatching import Dispatch, MakeService
from tests.factories import (
    DispatcherFactory,
    EmailServiceFactory,
    held,
    sending_task,
)
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What was logged by the delivery log, as a collector gets it."""
    return [
        json.loads(JsonFormatter().format(record))
        for record in caplog.records
        if record.name == "dispatch.results.delivery_log"
    ]


def test_a_refusal_is_logged_with_all_ids(
    make_service: MakeService, dispatch: Dispatch, caplog: pytest.LogCaptureFixture
) -> None:
    with SmtpServer(["rcpt:reply:550 5.1.1 No such user"]) as server, caplog.at_level(logging.INFO):
        service = make_service(server=server)
        sending_task()
        dispatch()

    (line,) = lines(caplog)
    subtask = SubTask.objects.get()
    assert {name: line[name] for name in FIELDS if name in line} == {
        "task_id": subtask.task_id,
        "subtask_id": subtask.pk,
        "service_id": service.pk,
        "dispatcher_id": Dispatcher.objects.get().pk,
        "outcome": "rejected",
    }


def test_nobody_is_named(
    make_service: MakeService, dispatch: Dispatch, caplog: pytest.LogCaptureFixture
) -> None:
    with SmtpServer(["rcpt:reply:550 5.1.1 No such user"]) as server, caplog.at_level(logging.INFO):
        make_service(server=server)
        sending_task()
        dispatch()

    assert lines(caplog)
    assert SubTask.objects.get().recipient_email not in caplog.text


def test_what_is_in_doubt_is_a_warning(
    make_service: MakeService, dispatch: Dispatch, caplog: pytest.LogCaptureFixture
) -> None:
    with SmtpServer(["dot:close"]) as server:
        make_service(server=server)
        sending_task()
        dispatch()

    (line,) = lines(caplog)
    assert (line["level"], line["outcome"]) == ("WARNING", "unknown")


def test_accepted_messages_are_logged_for_debugging_only(
    make_service: MakeService, dispatch: Dispatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_service()
    sending_task(2)
    with caplog.at_level(logging.INFO):
        dispatch(until=lambda: Attempt.objects.count() == 2)
    assert lines(caplog) == []

    sending_task(1)
    with caplog.at_level(logging.DEBUG):
        dispatch()
    assert [line["outcome"] for line in lines(caplog)] == ["accepted"]


def test_recovery_names_what_is_in_doubt(caplog: pytest.LogCaptureFixture) -> None:
    service, dead = EmailServiceFactory(), DispatcherFactory()
    subtask = held("sending", dead, service, sending_at="2030-01-01T00:00Z")

    recovery.expire_leases([dead.pk])
    recovery.recover_dead()

    line = json.loads(JsonFormatter().format(caplog.records[-1]))
    assert (line["subtask_id"], line["service_id"], line["dispatcher_id"]) == (
        subtask.pk,
        service.pk,
        dead.pk,
    )


def test_a_bug_in_a_transport_is_logged_with_the_ids(
    make_service: MakeService,
    dispatch: Dispatch,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(SmtpTransport, "open", broken)
    service = make_service()
    sending_task()

    dispatch(until=lambda: Dispatcher.objects.exists() and bool(caplog.records))

    record = next(each for each in caplog.records if each.name == "dispatch.engine.lanes")
    line = json.loads(JsonFormatter().format(record))
    assert (line["service_id"], line["subtask_id"]) == (service.pk, SubTask.objects.get().pk)
    assert line["dispatcher_id"] == Dispatcher.objects.get().pk


def test_a_line_without_ids_has_no_such_fields() -> None:
    record = logging.LogRecord("edm", logging.INFO, "", 0, "Hello", (), None)

    assert not set(FIELDS) & json.loads(JsonFormatter().format(record)).keys()


def test_text_lines_stay_as_they_are() -> None:
    formatter = logging_settings()["formatters"]["text"]
    record = logging.LogRecord("edm", logging.INFO, "", 0, "SubTask %s is sent", (7,), None)
    record.subtask_id = 7

    line = logging.Formatter(formatter["format"], style=formatter["style"]).format(record)

    assert line.endswith("INFO edm SubTask 7 is sent")
