"""Running a dispatcher in a test, against the test's SMTP server."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest

from campaigns.models import SubTask, SubTaskStatus
from dispatch.engine.dispatcher import Dispatcher
from dispatch.models import EmailService
from tests.factories import EmailServiceFactory
from tests.smtp_server import SmtpServer


class MakeService(Protocol):
    """Make a service that sends through the test's SMTP server, or through `server`."""

    def __call__(self, **values: Any) -> EmailService: ...


class Dispatch(Protocol):
    """Run a dispatcher until there is nothing left to do, or until told otherwise."""

    def __call__(self, until: Callable[[], bool] = ..., seconds: float = ...) -> Dispatcher: ...


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


def smtp_settings(server: SmtpServer) -> dict[str, Any]:
    return {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "timeout": 5,
        "reply_timeout": 5,
        "messages_per_connection": 100,
    }


@pytest.fixture
def make_service(smtp: SmtpServer) -> MakeService:
    def make(**kwargs: Any) -> EmailService:
        return EmailServiceFactory(settings=smtp_settings(kwargs.pop("server", smtp)), **kwargs)

    return make


def nothing_left() -> bool:
    open_ones = [SubTaskStatus.PENDING, SubTaskStatus.ALLOCATED, SubTaskStatus.SENDING]
    return not SubTask.objects.filter(status__in=open_ones, in_doubt_since=None).exists()


@pytest.fixture
def dispatch() -> Dispatch:
    def run(until: Callable[[], bool] = nothing_left, seconds: float = 40) -> Dispatcher:
        dispatcher = Dispatcher(uuid.uuid4())
        dispatcher.run(until, seconds)
        return dispatcher

    return run
