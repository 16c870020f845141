"""How many connections each dispatcher may hold to a service: never more than its maximum, over all of them."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pytest
from django.db import transaction

from campaigns.models import SubTask
from dispatch.claiming import agenda, connections
from dispatch.engine.dispatcher import Dispatcher
from dispatch.models import Attempt, ConnectionShare, EmailService
from dispatch.pace import pace_rows
from tests.concurrency import run_together
from tests.dispatching import Dispatch, MakeService, nothing_left
from tests.factories import (
    DispatcherFactory,
    EmailServiceFactory,
    in_doubt,
    sending_task,
)
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db


def raise_share(dispatcher_id: int, service: EmailService, wanted: int) -> int:
    """As in a tick: under the lock of the Pace row."""
    with transaction.atomic():
        pace_rows.lock_waiting([service.pk])
        return connections.raise_shares(
            dispatcher_id, {service.pk: wanted}, agenda.read().services
        )[service.pk]


def shares() -> list[int]:
    return sorted(ConnectionShare.objects.values_list("connections", flat=True))


class TestRaising:
    def test_as_many_as_are_wanted_and_free(self) -> None:
        service = EmailServiceFactory(max_connections=5)
        assert raise_share(DispatcherFactory().pk, service, 3) == 3
        assert raise_share(DispatcherFactory().pk, service, 4) == 2
        assert shares() == [2, 3]

    def test_none_when_none_is_free(self) -> None:
        service = EmailServiceFactory(max_connections=1)
        raise_share(DispatcherFactory().pk, service, 1)
        assert raise_share(DispatcherFactory().pk, service, 1) == 0

    def test_what_a_dispatcher_has_counts_once(self) -> None:
        service, dispatcher = EmailServiceFactory(max_connections=5), DispatcherFactory()
        raise_share(dispatcher.pk, service, 2)
        assert raise_share(dispatcher.pk, service, 5) == 5
        assert shares() == [5]

    def test_each_service_has_connections_of_its_own(self) -> None:
        first, second = EmailServiceFactory.create_batch(2, max_connections=2)
        raise_share(DispatcherFactory().pk, first, 2)
        assert raise_share(DispatcherFactory().pk, second, 2) == 2

    def test_none_when_the_maximum_was_lowered_below_what_others_have(self) -> None:
        service = EmailServiceFactory(max_connections=5)
        raise_share(DispatcherFactory().pk, service, 4)
        EmailService.objects.update(max_connections=2)
        assert raise_share(DispatcherFactory().pk, service, 1) == 0

    @pytest.mark.django_db(transaction=True)
    def test_dispatchers_that_ask_at_the_same_moment_never_get_more_than_there_are(self) -> None:
        service = EmailServiceFactory(max_connections=5)
        dispatchers = DispatcherFactory.create_batch(4)

        got = run_together(
            *[lambda pk=each.pk: raise_share(pk, service, 3) for each in dispatchers]
        )

        assert sum(got) == sum(shares()) == 5


class TestLowering:
    def test_the_others_are_free_for_whoever_wants_them(self) -> None:
        service, dispatcher = EmailServiceFactory(max_connections=4), DispatcherFactory()
        raise_share(dispatcher.pk, service, 4)
        connections.lower_shares(dispatcher.pk, {service.pk: 1})
        assert raise_share(DispatcherFactory().pk, service, 4) == 3

    def test_who_keeps_none_has_no_share(self) -> None:
        service, dispatcher = EmailServiceFactory(), DispatcherFactory()
        raise_share(dispatcher.pk, service, 2)
        connections.lower_shares(dispatcher.pk, {service.pk: 0})
        assert shares() == []

    def test_others_and_other_services_keep_theirs(self) -> None:
        first, second = EmailServiceFactory.create_batch(2, max_connections=4)
        mine, other = DispatcherFactory.create_batch(2)
        raise_share(mine.pk, first, 2)
        raise_share(mine.pk, second, 2)
        raise_share(other.pk, first, 2)
        connections.lower_shares(mine.pk, {first.pk: 1})
        assert shares() == [1, 2, 2]


class TestDispatching:
    def test_messages_in_doubt_hold_no_connection(
        self, make_service: MakeService, dispatch: Dispatch
    ) -> None:
        with SmtpServer(["dot:close@first=3"]) as server:
            service = make_service(server=server, max_connections=1)
            for _ in range(3):
                in_doubt(service)
            sending_task(6)
            dispatch()

        assert SubTask.objects.in_doubt().count() == 6
        assert SubTask.objects.filter(status="sent").count() == 3

    def test_a_lower_maximum_is_kept_by_a_dispatcher_that_is_at_work(
        self, make_service: MakeService, dispatch: Dispatch
    ) -> None:
        with SmtpServer(["data:delay:0.02"]) as server:
            service = make_service(server=server, max_connections=4)
            sending_task(800)
            seen: list[int] = []

            def lower_once_it_has_all() -> bool:
                seen.extend(shares())
                if seen and seen[-1] == 4:
                    EmailService.objects.filter(pk=service.pk).update(max_connections=1)
                return seen[-1:] == [1] or nothing_left()

            dispatch(until=lower_once_it_has_all, seconds=30)

        assert (seen[0], seen[-1]) == (4, 1)

    @pytest.mark.django_db(transaction=True)
    def test_a_dispatcher_that_comes_later_gets_its_part_of_a_busy_service(
        self, make_service: MakeService
    ) -> None:
        with SmtpServer(["data:delay:0.02"]) as server:
            make_service(server=server, max_connections=2)
            sending_task(800)

            run_together(
                lambda: work(both_have_sent),
                lambda: work(both_have_sent, after=lambda: shares() == [2]),
            )

            assert most_at_once(server) <= 2
        assert Attempt.objects.values("dispatcher_id").distinct().count() == 2


def both_have_sent() -> bool:
    return Attempt.objects.values("dispatcher_id").distinct().count() == 2


def work(until: Callable[[], bool], after: Callable[[], bool] = lambda: True) -> None:
    """Dispatch for as long as it takes, once the other dispatcher is so far."""
    wait = threading.Event()
    while not after():
        wait.wait(0.01)
    Dispatcher(uuid.uuid4()).run(until, 30)


def most_at_once(server: SmtpServer) -> int:
    """Messages that were being handed over at the same time."""
    began = [(mail.mail_monotonic, 1) for mail in server.messages]
    ended = [(mail.dot_monotonic, -1) for mail in server.messages]
    now = most = 0
    for _, change in sorted(began + ended):
        now += change
        most = max(most, now)
    return most
