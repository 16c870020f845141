from __future__ import annotations

import datetime as dt
from typing import Any

from dispatch.claiming.agenda import ServicePlan, TaskPlan
from dispatch.limits import Limits
from dispatch.models import Pace
from dispatch.waiting.turns import Queue, next_turn

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
ADA, BOB = 1, 2


def after(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


def task(pk: int, owner: int = ADA, priority: int = 0, since: float = 0) -> TaskPlan:
    return TaskPlan(pk, owner, priority, after(since), frozenset([1]))


def queue(*tasks: TaskPlan, interval: float = 10, left: int = 1000, **values: Any) -> Queue:
    limits = Limits(dt.timedelta(seconds=interval))
    plan = ServicePlan(1, "Post", "example.com", "smtp", "", 2, limits)
    known: dict[str, Any] = {"left": {each.id: left for each in tasks}, "served": {}} | values
    return Queue(plan, Pace(next_send_at=after(4)), list(tasks), **known)


def test_a_task_alone_comes_with_the_next_slot() -> None:
    mine = task(1)
    turn = next_turn(queue(mine), mine, NOW)
    assert (turn.at, turn.before) == (after(4), set())


def test_the_owner_served_longest_ago_goes_first() -> None:
    mine, other = task(1, ADA), task(2, BOB)
    turn = next_turn(queue(mine, other, served={1: NOW, 2: after(-9)}), mine, NOW)
    assert (turn.at, turn.before) == (after(14), {2})


def test_a_task_waits_for_the_end_of_one_with_a_higher_priority() -> None:
    mine, urgent = task(1), task(2, priority=5)
    turn = next_turn(queue(mine, urgent, left=3), mine, NOW)
    assert turn.at == after(4 + 3 * 10)


def test_of_a_long_wait_for_one_with_a_higher_priority_the_end_is_not_known() -> None:
    mine, urgent = task(1), task(2, priority=5)
    turn = next_turn(queue(mine, urgent, left=1_000_000), mine, NOW)
    assert (turn.at, turn.before) == (None, {2})


def test_a_retry_waits_for_its_time_and_takes_the_slot_after_it() -> None:
    mine = task(1, since=60)
    assert next_turn(queue(mine), mine, NOW).at == after(60)


def test_others_take_the_slots_until_a_retry_is_due() -> None:
    mine, other = task(1, ADA, since=60), task(2, BOB)
    turn = next_turn(queue(mine, other), mine, NOW)
    assert turn.at == after(64)


def test_what_a_service_repeats_goes_first() -> None:
    mine = task(1)
    assert next_turn(queue(mine, repeats=2), mine, NOW).at == after(24)


def test_a_service_without_a_pace_serves_all_at_once() -> None:
    mine, other = task(1, ADA), task(2, BOB)
    turn = next_turn(queue(mine, other, interval=0, served={1: NOW}), mine, NOW)
    assert turn.at == NOW
