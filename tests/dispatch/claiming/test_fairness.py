from __future__ import annotations

import datetime as dt

import pytest

from campaigns.models import SubTask
from dispatch.claiming import agenda, fairness
from dispatch.claiming.agenda import TaskPlan
from dispatch.engine import tick
from dispatch.models import EmailService, Turn
from dispatch.pace.gate import Gate
from tests.factories import (
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    UserFactory,
    sending_task,
)

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
ADA, BOB, EVE = 1, 2, 3


def ago(seconds: int) -> dt.datetime:
    return NOW - dt.timedelta(seconds=seconds)


def plan(task_id: int, owner_id: int, priority: int = 0) -> TaskPlan:
    return TaskPlan(task_id, owner_id, priority, NOW, frozenset())


def order(tasks: list[TaskPlan], served: dict[int, dt.datetime]) -> list[int]:
    return [task.id for task in fairness.in_turn(tasks, served)]


class TestInTurn:
    def test_the_owner_who_was_served_longest_ago_comes_first(self) -> None:
        assert order(
            [plan(1, ADA), plan(2, BOB), plan(3, EVE)], {1: ago(1), 2: ago(9), 3: ago(5)}
        ) == [2, 3, 1]

    def test_an_owner_who_was_never_served_comes_before_all_others(self) -> None:
        assert order([plan(1, ADA), plan(2, BOB)], {1: ago(1000)}) == [2, 1]

    def test_many_tasks_give_an_owner_no_more_turns_than_one(self) -> None:
        tasks = [plan(n, ADA) for n in range(1, 9)] + [plan(9, BOB)]
        served = {n: ago(1000 + n) for n in range(1, 8)} | {8: ago(1), 9: ago(2)}
        assert order(tasks, served)[0] == 9

    def test_a_high_priority_gets_an_owner_no_turn_before_others(self) -> None:
        assert order([plan(1, ADA, priority=100), plan(2, BOB)], {1: ago(1), 2: ago(2)}) == [2, 1]

    def test_among_an_owners_tasks_the_higher_priority_comes_first(self) -> None:
        assert order([plan(1, ADA, 1), plan(2, ADA, 7), plan(3, ADA, 3)], {2: ago(1)}) == [2, 3, 1]

    def test_among_tasks_of_one_priority_the_one_served_longest_ago_comes_first(self) -> None:
        assert order([plan(1, ADA), plan(2, ADA), plan(3, ADA)], {1: ago(1), 2: ago(5)}) == [
            3,
            2,
            1,
        ]

    def test_all_tasks_of_an_owner_come_before_the_next_owners(self) -> None:
        tasks = [plan(1, ADA), plan(2, BOB), plan(3, ADA)]
        assert order(tasks, {1: ago(9), 2: ago(3), 3: ago(8)}) == [1, 3, 2]


@pytest.mark.django_db
class TestInTheDatabase:
    """Turns are each service's own, and are taken by ticks of any dispatcher."""

    def served(self, service: EmailService, capacity: int = 1) -> list[int]:
        """The tasks that a dispatcher, a new one each time, is granted messages of."""
        before = set(SubTask.objects.filter(status="allocated").values_list("pk", flat=True))
        request = tick.TickRequest(
            DispatcherFactory().pk,
            gates={service.pk: Gate(service.limits)},
            capacity={service.pk: capacity},
            lanes={service.pk: 1},
        )
        tick.run(request)
        return sorted(
            SubTask.objects.filter(status="allocated")
            .exclude(pk__in=before)
            .values_list("task_id", flat=True)
        )

    @pytest.fixture
    def service(self) -> EmailService:
        return EmailServiceFactory(sending_interval=0, max_connections=100)

    def test_owners_take_turns_whoever_dispatches(self, service: EmailService) -> None:
        ada, bob = UserFactory(), UserFactory()
        first, second = sending_task(50, owner=ada), sending_task(50, owner=bob)
        assert [self.served(service)[0] for _ in range(4)] == [
            first.pk,
            second.pk,
            first.pk,
            second.pk,
        ]

    def test_an_owners_tasks_take_turns_within_the_owners_own(self, service: EmailService) -> None:
        ada, bob = UserFactory(), UserFactory()
        one, two, other = (
            sending_task(50, owner=ada),
            sending_task(50, owner=ada),
            sending_task(50, owner=bob),
        )
        turns_taken = [self.served(service)[0] for _ in range(6)]
        assert turns_taken[::2] == [one.pk, two.pk, one.pk]
        assert set(turns_taken[1::2]) == {other.pk}

    def test_a_higher_priority_goes_first_among_an_owners_tasks(
        self, service: EmailService
    ) -> None:
        ada = UserFactory()
        sending_task(50, owner=ada)
        urgent = sending_task(50, owner=ada, priority=5)
        assert [self.served(service)[0] for _ in range(3)] == [urgent.pk] * 3

    def test_each_service_has_turns_of_its_own(self, service: EmailService) -> None:
        first, second = sending_task(50, owner=UserFactory()), sending_task(50, owner=UserFactory())
        other = EmailServiceFactory(sending_interval=0)
        assert self.served(service) == [first.pk]
        assert self.served(other) == [first.pk]
        assert self.served(service) == [second.pk]

    def test_what_one_task_lacks_the_next_in_turn_fills_up(self, service: EmailService) -> None:
        short, long = sending_task(2, owner=UserFactory()), sending_task(9, owner=UserFactory())
        assert self.served(service, capacity=5) == [short.pk] * 2 + [long.pk] * 3

    def test_a_task_that_got_nothing_has_not_had_its_turn(self, service: EmailService) -> None:
        sending_task(2, owner=UserFactory())
        late = sending_task(2, owner=UserFactory())
        self.served(service, capacity=2)
        assert not Turn.objects.filter(task_id=late.pk).exists()

    def test_services_that_want_messages_of_one_task_share_them_out(
        self, service: EmailService
    ) -> None:
        sending_task(5, owner=UserFactory())
        other = EmailServiceFactory(sending_interval=0)
        request = tick.TickRequest(
            DispatcherFactory().pk,
            gates={each.pk: Gate(each.limits) for each in (service, other)},
            capacity={service.pk: 4, other.pk: 4},
            lanes={service.pk: 1, other.pk: 1},
        )
        assert sorted(len(deliveries) for deliveries in tick.run(request).granted) == [2, 3]

    def test_only_the_turns_of_open_tasks_are_read(self, service: EmailService) -> None:
        over = SendingTaskFactory(status="completed")
        fairness.record([(service.pk, over.pk)], NOW)
        assert fairness.last_served([service.pk], agenda.read().tasks)[service.pk] == {}
