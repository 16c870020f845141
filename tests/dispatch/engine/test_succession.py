"""A dispatcher's successor is there before its slice is over, and starts when it winds up."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable

import pytest
from django_q.models import OrmQ

from campaigns.models import SubTask, SubTaskStatus
from dispatch.claiming import leases
from dispatch.claiming.agenda import read
from dispatch.engine import dispatcher as dispatchers
from dispatch.engine import succession
from dispatch.models import (
    Attempt,
    AttemptOutcome,
    ConnectionShare,
    Dispatcher,
    EmailService,
)
from dispatch.process.supervisor import Supervisor
from dispatch.queue import broker
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    SendingTaskFactory,
    SubTaskFactory,
)
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db

MakeService = Callable[..., EmailService]
Dispatch = Callable[..., dispatchers.Dispatcher]


def requests() -> list[tuple[object, ...]]:
    return [each.task["args"] for each in OrmQ.objects.order_by("pk")]


def test_one_that_winds_up_leaves_its_place_to_its_successor() -> None:
    cluster = uuid.uuid4()
    old = leases.register(cluster, 1)
    with pytest.raises(leases.EnoughDispatchers):
        leases.register(cluster, 1)
    leases.beat(old, None, winding_up=True)
    assert leases.register(cluster, 1) != old


def test_connections_are_not_shared_with_one_that_winds_up() -> None:
    DispatcherFactory()
    old = DispatcherFactory()
    assert read().dispatchers == 2
    leases.beat(old.pk, None, winding_up=True)
    assert read().dispatchers == 1


def test_a_successor_is_asked_for_once_and_not_before_the_slice_is_nearly_over() -> None:
    early = succession.Succession(7, seconds=succession.SUCCESSION_SECONDS + 60)
    early.prepare()
    assert requests() == []
    late = succession.Succession(8, seconds=succession.SUCCESSION_SECONDS)
    late.prepare()
    late.prepare()
    assert requests() == [(8,)]
    assert (early.is_prepared, late.is_prepared) == (False, True)


class TestWhileEveryWorkerIsAtWork:
    """An earlier dispatcher waits for slow replies, so that a successor finds no worker."""

    @pytest.fixture
    def waiting(self, monkeypatch: pytest.MonkeyPatch) -> succession.Succession:
        cluster = uuid.uuid4()
        monkeypatch.setenv("EDM_CLUSTER", str(cluster))
        monkeypatch.setattr(succession, "ASK_AGAIN_SECONDS", 0.0)
        assert broker.this_cluster() == cluster
        earlier = leases.register(cluster, 1)
        leases.beat(earlier, None, winding_up=True)
        return succession.Succession(leases.register(cluster, 1), seconds=0)

    def test_no_successor_is_asked_for_and_the_slice_goes_on(
        self, waiting: succession.Succession
    ) -> None:
        waiting.prepare()
        assert not waiting.is_prepared
        assert not waiting.may_begin()

    def test_one_is_asked_for_as_soon_as_a_worker_is_free(
        self, waiting: succession.Succession
    ) -> None:
        waiting.prepare()
        earlier = Dispatcher.objects.earliest("pk").pk
        leases.end(earlier, {})
        waiting.prepare()
        assert waiting.is_prepared

    def test_a_slice_ends_once_its_successor_had_time_to_begin(
        self, waiting: succession.Succession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        leases.end(Dispatcher.objects.earliest("pk").pk, {})
        waiting.prepare()
        assert not waiting.may_begin()
        monkeypatch.setattr(succession, "SUCCESSION_SECONDS", 0.0)
        assert waiting.may_begin()

    def test_a_slice_does_not_go_on_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(succession, "LONGEST_REPLY_SECONDS", 0.0)
        assert succession.Succession(1, seconds=0).may_begin()


def test_a_slice_that_may_not_end_yet_goes_on_dispatching(
    make_service: MakeService, smtp: SmtpServer
) -> None:
    make_service()
    task = SendingTaskFactory()
    SubTaskFactory(task=task, content=ContentFactory(task=task))
    dispatchers.Dispatcher(uuid.uuid4()).run(
        lambda: False, seconds=0, may_end=lambda: smtp.accepted == 1
    )
    assert SubTask.objects.get().status == SubTaskStatus.SENT


@pytest.mark.parametrize("state", ["winding up", "ended", "gone"])
def test_a_successor_waits_for_nothing_when_its_predecessor_is_not_going_on(state: str) -> None:
    old = DispatcherFactory()
    if state == "winding up":
        leases.beat(old.pk, None, winding_up=True)
    elif state == "ended":
        leases.end(old.pk, {})
    else:
        Dispatcher.objects.all().delete()
    succession.wait_for(old.pk)
    assert not leases.going_on().exists()


def test_a_successor_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(succession, "SUCCESSION_SECONDS", 0.01)
    old = DispatcherFactory()
    succession.wait_for(old.pk)
    assert leases.going_on().get().pk == old.pk


def test_a_slow_reply_is_waited_for_when_a_slice_ends(
    make_service: MakeService, dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatchers, "STOP_SECONDS", 0.1)
    with SmtpServer(["dot:delay:2"]) as server:
        make_service(server=server)
        task = SendingTaskFactory()
        SubTaskFactory(task=task, content=ContentFactory(task=task))
        dispatch(until=lambda: False, seconds=1)
        assert server.accepted == 1

    assert Attempt.objects.get().outcome == AttemptOutcome.ACCEPTED
    assert SubTask.objects.get().status == SubTaskStatus.SENT
    assert Dispatcher.objects.get().ended_at is not None


def test_one_that_is_told_to_stop_while_it_waits_waits_a_little_only(
    make_service: MakeService, dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatchers, "STOP_SECONDS", 0.1)
    ends: list[bool] = []
    real = dispatchers.Dispatcher._wind_up

    def wind_up(self: dispatchers.Dispatcher, should_stop: Callable[[], bool]) -> None:
        ends.append(True)
        real(self, should_stop)

    monkeypatch.setattr(dispatchers.Dispatcher, "_wind_up", wind_up)
    with SmtpServer(["dot:hang"]) as server:
        make_service(server=server)
        task = SendingTaskFactory()
        SubTaskFactory(task=task, content=ContentFactory(task=task))
        dispatch(until=lambda: bool(ends), seconds=1)

    assert Attempt.objects.get().outcome == AttemptOutcome.UNKNOWN
    assert "stopped before the provider replied" in Attempt.objects.get().reply


def test_a_service_that_cannot_be_connected_to_holds_up_no_end_of_a_slice(
    make_service: MakeService, dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatchers, "STOP_SECONDS", 0.1)
    with SmtpServer(["connect:hang"]) as server:
        make_service(server=server)
        task = SendingTaskFactory()
        SubTaskFactory(task=task, content=ContentFactory(task=task))
        dispatch(until=lambda: False, seconds=1)

    assert SubTask.objects.get().status == SubTaskStatus.PENDING
    assert not Attempt.objects.filter(outcome=AttemptOutcome.UNKNOWN).exists()
    assert Dispatcher.objects.get().ended_at is not None


def test_of_the_connections_those_that_are_busy_are_kept_while_a_reply_is_waited_for(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    kept: list[int] = []

    def note_connections() -> bool:
        if Dispatcher.objects.filter(winding_up=True).exists():
            kept.append(ConnectionShare.objects.get().connections)
        return False

    with SmtpServer(["dot:delay:3@first=1"]) as server:
        make_service(server=server, max_connections=4)
        task = SendingTaskFactory()
        SubTaskFactory.create_batch(20, task=task, content=ContentFactory(task=task))
        dispatch(until=note_connections, seconds=1)

    assert (kept[0], kept[-1]) == (4, 1)
    assert set(SubTask.objects.values_list("status", flat=True)) == {SubTaskStatus.SENT}


@pytest.mark.parametrize(("winding_up", "found"), [(True, "has no dispatcher"), (False, "")])
def test_a_cluster_whose_dispatchers_only_wait_for_replies_is_known_to_send_nothing(
    winding_up: bool, found: str
) -> None:
    """Such waiting takes minutes; by then it is long clear that no successor comes."""
    supervisor = Supervisor()
    DispatcherFactory(cluster=supervisor.cluster, pid=os.getpid(), winding_up=winding_up)
    supervisor._healthy_at = supervisor._enough_at = time.monotonic() - 3_600
    supervisor._look_after_dispatchers()
    assert supervisor._find_no_dispatchers(supervisor.dispatch) == found
