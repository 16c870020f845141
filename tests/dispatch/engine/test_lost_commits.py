"""A dispatcher whose database fails: what was committed counts, whether it was told so or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from campaigns.models import SubTask, SubTaskStatus
from dispatch.claiming import leases
from dispatch.engine import dispatcher as dispatchers
from dispatch.engine import tick
from dispatch.engine.tick import TickRequest
from dispatch.models import Attempt, Dispatcher
from dispatch.results import recovery
from tests.dispatching import Dispatch, MakeService, nothing_left
from tests.factories import (
    ContentFactory,
    SendingTaskFactory,
    SubTaskFactory,
)
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db


class TestADispatcherWhoseDatabaseFails:
    """COMMIT happened, and its reply never came."""

    @pytest.fixture
    def lose_the_reply(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[[Callable[[TickRequest, tick.TickResult], bool]], None]:
        """To the first tick for which this is true."""
        monkeypatch.setattr(dispatchers, "DATABASE_RETRY_SECONDS", 0.0)
        monkeypatch.setattr(
            connection, "close", lambda: None
        )  # the test's transaction is open on it

        def arrange(when: Callable[[TickRequest, tick.TickResult], bool]) -> None:
            real = tick.run
            lost: list[bool] = []

            def run(request: TickRequest) -> tick.TickResult:
                result = real(request)
                if not lost and when(request, result):
                    lost.append(True)
                    raise OperationalError("the connection was lost")
                return result

            monkeypatch.setattr(tick, "run", run)

        return arrange

    @pytest.mark.parametrize(
        "when",
        [
            lambda request, result: bool(result.granted),
            lambda request, result: bool(result.marked),
            lambda request, result: bool(request.reports),
        ],
        ids=["after claiming", "after marking", "after recording"],
    )
    def test_everything_is_sent_once(
        self,
        smtp: SmtpServer,
        make_service: MakeService,
        dispatch: Dispatch,
        lose_the_reply: Callable[[Callable[[TickRequest, tick.TickResult], bool]], None],
        when: Callable[[Any, Any], Any],
    ) -> None:
        make_service()
        task = SendingTaskFactory()
        SubTaskFactory.create_batch(30, task=task, content=ContentFactory(task=task))
        lose_the_reply(when)

        dispatch()

        assert nothing_left()
        assert len(smtp.messages) == len({mail.recipient for mail in smtp.messages}) == 30
        assert Attempt.objects.count() == 30

    def test_one_that_was_stopping_gives_back_what_it_never_heard_of(
        self,
        make_service: MakeService,
        dispatch: Dispatch,
        lose_the_reply: Callable[[Callable[[TickRequest, tick.TickResult], bool]], None],
    ) -> None:
        make_service()
        task = SendingTaskFactory()
        SubTaskFactory.create_batch(5, task=task, content=ContentFactory(task=task))
        lost: list[bool] = []

        def claimed(request: TickRequest, result: tick.TickResult) -> bool:
            lost.extend([True] * bool(result.granted))
            return bool(lost)

        lose_the_reply(claimed)
        dispatch(until=lambda: bool(lost))

        assert not SubTask.objects.filter(status="allocated").exists()
        assert Dispatcher.objects.get().ended_at is not None

    def test_one_that_cannot_give_it_back_does_not_sign_off_and_is_recovered(
        self, make_service: MakeService, dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_service()
        task = SendingTaskFactory()
        SubTaskFactory.create_batch(5, task=task, content=ContentFactory(task=task))
        monkeypatch.setattr(dispatchers, "DATABASE_RETRY_SECONDS", 0.0)
        monkeypatch.setattr(dispatchers, "STOP_SECONDS", 0.0)
        monkeypatch.setattr(leases, "LEASE_SECONDS", 0.1)
        monkeypatch.setattr(dispatchers, "LEASE_SECONDS", 0.1)
        monkeypatch.setattr(connection, "close", lambda: None)
        real = tick.run
        lost: list[bool] = []

        def run(request: TickRequest) -> tick.TickResult:
            """From the first claim on, the database is gone."""
            if lost:
                raise OperationalError("the server is gone")
            result = real(request)
            if result.granted:
                lost.append(True)
                raise OperationalError("the connection was lost")
            return result

        monkeypatch.setattr(tick, "run", run)
        dispatch(until=lambda: bool(lost))
        assert SubTask.objects.filter(status=SubTaskStatus.ALLOCATED).exists()
        assert Dispatcher.objects.get().ended_at is None

        with transaction.atomic():
            recovery.expire_leases([Dispatcher.objects.get().pk])
            recovery.recover_dead()
        assert not SubTask.objects.filter(status=SubTaskStatus.ALLOCATED).exists()
