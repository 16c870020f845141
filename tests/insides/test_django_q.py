"""What the cluster relies upon in django-q2: the sentinel, its workers and the broker."""

from __future__ import annotations

import inspect
import multiprocessing
import uuid
from typing import Any
from unittest import mock

import django_q.cluster
import django_q.worker
import pytest
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ


class TestDjangoQ:
    class Sentinel(django_q.cluster.Sentinel):  # type: ignore[misc]  # django-q2 is untyped
        """Spawns and stops nothing."""

        def __init__(self) -> None:
            self.cluster_id, self.tob, self.parent_pid = uuid.uuid4(), timezone.now(), 1
            self.reincarnations = self.asked_for_status = self.pid = 0
            self.pool: list[Any] = []
            self.monitor = self.pusher = mock.Mock(is_alive=lambda: True, pid=1)
            self.result_queue = self.task_queue = self.broker = mock.MagicMock()
            self.start_event, self.stop_event = mock.Mock(), mock.Mock(wait=lambda _: True)
            self.targets: list[Any] = []
            self.replaced: list[Any] = []
            self.timeout = 1

        def spawn_process(self, target: Any, *args: Any) -> Any:
            self.targets.append((target, args))

        def status(self) -> str:
            self.asked_for_status += 1
            return "idle"

        def reincarnate(self, process: Any) -> None:
            self.replaced.append(process)

        def stop(self) -> None:
            pass

    def test_the_sentinel_spawns_its_monitor_with_the_results_and_the_broker(self) -> None:
        sentinel = self.Sentinel()
        sentinel.spawn_monitor()
        expected = (django_q.cluster.monitor, (sentinel.result_queue, sentinel.broker))
        assert sentinel.targets == [expected]

    def test_it_is_made_without_being_started(self) -> None:
        parameters = list(inspect.signature(django_q.cluster.Sentinel).parameters)
        assert parameters == [
            "stop_event", "start_event", "cluster_id", "broker", "timeout", "start",
        ]  # fmt: skip

    def test_guarding_asks_for_the_status_and_replaces_a_worker_that_died(self) -> None:
        sentinel = self.Sentinel()
        dead = mock.MagicMock(is_alive=lambda: False, pid=1)
        sentinel.pool.append(dead)
        sentinel.guard()
        assert sentinel.asked_for_status > 0
        assert sentinel.replaced == [dead]

    def test_the_timer_of_a_worker_that_waits_is_minus_one_from_its_beginning(self) -> None:
        sentinel = self.Sentinel()
        sentinel.spawn_worker()
        ((target, (_, _, timer, _)),) = sentinel.targets
        assert (target, timer.value) == (django_q.worker.worker, -1)

    def test_a_worker_returns_its_task_with_the_result_and_waits_again(self) -> None:
        task = {"func": len, "args": ("ab",), "kwargs": {}, "name": "measure", "sync": True}
        waiting: Any = iter([{**task, "ack_id": 7}, "STOP"])
        results, timer = mock.Mock(), multiprocessing.Value("f", 9)
        django_q.worker.worker(mock.Mock(get=lambda: next(waiting)), results, timer)
        ((result,), _) = results.put.call_args
        assert (result["result"], result["success"], result["name"], result["ack_id"]) == (
            2, True, "measure", 7,
        )  # fmt: skip
        assert timer.value == -1

    @pytest.mark.django_db
    def test_the_broker_asks_for_tasks_by_its_own_key_and_deletes_what_is_acknowledged(
        self,
    ) -> None:
        broker = ORM(list_key="inside")
        assert broker.list_key == "inside"
        assert broker.get_connection().model is OrmQ
        pk = broker.enqueue("task")
        broker.acknowledge(pk)
        assert not OrmQ.objects.filter(pk=pk).exists()
