"""A dispatcher's successor is there before its slice is over, and starts when it winds up."""

from __future__ import annotations

import uuid

import pytest
from django_q.models import OrmQ

from dispatch import leases, tasks
from dispatch.agenda import read
from dispatch.models import Dispatcher
from tests.factories import DispatcherFactory

pytestmark = pytest.mark.django_db


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
    early = tasks._Succession(7, seconds=tasks.SUCCESSION_SECONDS + 60)
    early.prepare()
    assert requests() == []
    late = tasks._Succession(8, seconds=tasks.SUCCESSION_SECONDS)
    late.prepare()
    late.prepare()
    assert requests() == [(8,)]
    assert (early.is_prepared, late.is_prepared) == (False, True)


@pytest.mark.parametrize("state", ["winding up", "ended", "gone"])
def test_a_successor_waits_for_nothing_when_its_predecessor_is_not_going_on(state: str) -> None:
    old = DispatcherFactory()
    if state == "winding up":
        leases.beat(old.pk, None, winding_up=True)
    elif state == "ended":
        leases.end(old.pk, {})
    else:
        Dispatcher.objects.all().delete()
    tasks._wait_for(old.pk)
    assert not leases.going_on().exists()


def test_a_successor_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "SUCCESSION_SECONDS", 0.01)
    old = DispatcherFactory()
    tasks._wait_for(old.pk)
    assert leases.going_on().get().pk == old.pk
