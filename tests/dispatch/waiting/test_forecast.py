"""The forecast against a simulation that sends message by message."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.limits import Limits
from dispatch.waiting.forecast import NEVER, Server, Work, ends

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
ADA, BOB = 1, 2
BOTH = frozenset([1, 2])
ONE = frozenset([1])
HOUR = 3_600.0


def after(seconds: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


def server(
    pk: int = 1, interval: float = 1.0, quota: int | None = None, opens: float = 0
) -> Server:
    limits = Limits(dt.timedelta(seconds=interval), daily_quota=quota)
    return Server(pk, limits, after(opens), 1 / interval)


def work(
    messages: int, task: int = 1, owner: int = ADA, services: frozenset[int] = ONE, **more: int
) -> Work:
    since = after(more.get("since", 0))
    return Work(task, owner, more.get("priority", 0), services, since, messages)


def test_a_campaign_takes_as_long_as_its_services_need() -> None:
    assert ends([server()], [work(3_600)], NOON) == {1: after(HOUR)}


def test_services_add_up() -> None:
    both = [server(1), server(2, interval=3)]
    assert ends(both, [work(400, services=BOTH)], NOON) == {1: after(300)}


def test_owners_share_a_service_until_one_is_done() -> None:
    found = ends([server()], [work(100), work(50, task=2, owner=BOB)], NOON)
    assert found == {1: after(150), 2: after(100)}


def test_a_higher_priority_of_the_same_owner_goes_first() -> None:
    found = ends([server()], [work(100), work(50, task=2, priority=9)], NOON)
    assert found == {1: after(150), 2: after(50)}


def test_a_quota_stretches_a_campaign_over_days() -> None:
    """200 are left today, then 1,000 a day from midnight; the last 300 take five minutes."""
    found = ends([replace(server(quota=1_000), quota_left=200.0)], [work(2_500)], NOON)
    assert found == {1: dt.datetime(2026, 3, 4, 0, 5, tzinfo=dt.UTC)}


def test_a_quota_that_is_not_used_up_begins_anew_at_midnight() -> None:
    """43,200 s to midnight, 1 a second: 43,200 of 50,000, and then a new quota of 50,000."""
    found = ends([server(quota=50_000)], [work(90_000)], NOON)
    assert found == {1: after(90_000)}


def test_a_service_that_opens_later_helps_from_then_on() -> None:
    both = [server(1), server(2, opens=100)]
    assert ends(both, [work(300, services=BOTH)], NOON) == {1: after(200)}


def test_what_begins_later_shares_from_then_on() -> None:
    late = work(100, task=2, owner=BOB, since=50)
    assert ends([server()], [work(100), late], NOON) == {1: after(150), 2: after(200)}


@pytest.mark.parametrize(
    ("servers", "works"),
    [
        ([], [work(5)]),
        ([server(2)], [work(5)]),
        ([server()], [replace(work(5), since=NEVER)]),
        ([server(quota=10)], [work(10_000)]),
    ],
)
def test_of_what_is_not_done_within_a_year_nothing_is_told(
    servers: list[Server], works: list[Work]
) -> None:
    assert ends(servers, works, NOON) == {1: None}


def test_a_campaign_in_parts_ends_with_its_last_part() -> None:
    parts = [work(10), work(10, since=100)]
    assert ends([server()], parts, NOON) == {1: after(110)}


COMBINED = st.tuples(
    st.lists(
        st.tuples(st.sampled_from([1, 2, 5]), st.sampled_from([None, 3_000, 20_000])),
        min_size=1,
        max_size=3,
    ),
    st.lists(
        st.tuples(
            st.integers(0, 4_000),  # messages
            st.sampled_from([ADA, BOB]),
            st.integers(0, 1),  # priority
            st.integers(1, 7),  # services, a bit each
            st.sampled_from([0, 600]),  # seconds until it begins
        ),
        min_size=1,
        max_size=4,
    ),
)


@settings(max_examples=12, deadline=None, derandomize=True, database=None)
@given(COMBINED)
def test_it_comes_to_the_same_as_sending_message_by_message(
    drawn: tuple[list[tuple[int, int | None]], list[tuple[int, int, int, int, int]]],
) -> None:
    servers = [server(n, interval, quota) for n, (interval, quota) in enumerate(drawn[0])]
    works = [
        work(
            messages,
            task=n,
            owner=owner,
            services=frozenset(k for k in range(len(servers)) if bits >> k & 1),
            priority=priority,
            since=since,
        )
        for n, (messages, owner, priority, bits, since) in enumerate(drawn[1])
    ]
    told = ends(servers, works, NOON)
    for task, sent in _one_by_one(servers, works).items():
        at = told[task]
        assert (at is None) == (sent is None)
        if at and sent:
            assert abs((at - sent).total_seconds()) <= 60 + 0.02 * (sent - NOON).total_seconds()


def _one_by_one(servers: list[Server], works: list[Work]) -> dict[int, dt.datetime | None]:
    """Each service starts a message per interval, of the owner served longest ago, of the highest
    priority, of the task served longest ago; until midnight no more than its quota.
    """
    left = {each.task_id: each.messages for each in works}
    last: dict[int, dt.datetime | None] = {
        each.task_id: None if each.messages else max(each.since, NOON) for each in works
    }
    used: dict[tuple[int, dt.date], int] = {}
    owners: dict[tuple[int, int], int] = {}
    tasks: dict[tuple[int, int], int] = {}
    for second in range(4 * 86_400):
        if not any(left.values()):
            break
        now = after(second)
        for one in servers:
            interval = one.limits.interval.total_seconds()
            quota = one.limits.daily_quota
            day = (one.id, now.date())
            if second % interval or quota is not None and used.get(day, 0) >= quota:
                continue
            open_works = [
                each
                for each in works
                if left[each.task_id] > 0 and each.since <= now and one.id in each.service_ids
            ]
            if not open_works:
                continue
            first = min(open_works, key=lambda each: _turn(one, each, open_works, owners, tasks))
            left[first.task_id] -= 1
            last[first.task_id] = now
            used[day] = used.get(day, 0) + 1
            owners[one.id, first.owner_id] = tasks[one.id, first.task_id] = second
    return {pk: None if left[pk] > 0 else at for pk, at in last.items()}


def _turn(
    server: Server,
    one: Work,
    open_works: list[Work],
    owners: dict[tuple[int, int], int],
    tasks: dict[tuple[int, int], int],
) -> tuple[int, int, int, int]:
    """The lowest is next."""
    by_owner = owners.get((server.id, one.owner_id), -1)
    order = [each.owner_id for each in open_works].index(one.owner_id)
    return by_owner, order, -one.priority, tasks.get((server.id, one.task_id), -1)
