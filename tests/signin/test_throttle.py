"""How tries are counted."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import F

from signin.models import Tries
from signin.throttling import throttle
from signin.throttling.throttle import Limit, TooManyTries
from tests.concurrency import run_together

LIMIT = Limit("test", ("ada",), 5)


def admitted(limit: Limit = LIMIT) -> bool:
    try:
        throttle.count([limit])
    except TooManyTries:
        return False
    return True


def test_as_many_tries_as_the_limit_pass(db: None) -> None:
    assert [admitted() for _ in range(7)] == [True] * 5 + [False] * 2


def test_a_try_that_succeeded_counts_no_more(db: None) -> None:
    for _ in range(20):
        throttle.count([LIMIT]).give_back()
    assert admitted()


def test_refused_tries_do_not_make_the_wait_longer(db: None) -> None:
    for _ in range(5):
        admitted()
    before = Tries.objects.get().until
    for _ in range(50):
        admitted()
    row = Tries.objects.get()
    assert (row.until, row.count) == (before, 6)


def test_after_the_window_counting_begins_anew(db: None) -> None:
    for _ in range(6):
        admitted()
    Tries.objects.update(until=F("until") - throttle.WINDOW)
    assert [admitted() for _ in range(6)] == [True] * 5 + [False]


def test_others_have_counters_of_their_own(db: None) -> None:
    for _ in range(6):
        admitted()
    assert admitted(Limit("test", ("bob",), 5))


def test_the_refusal_says_when_to_come_back(db: None) -> None:
    for _ in range(5):
        admitted()
    with pytest.raises(TooManyTries) as exceeded:
        throttle.count([LIMIT])
    assert exceeded.value.minutes == 15


@pytest.mark.django_db(transaction=True)
def test_parallel_tries_get_no_more_than_the_limit() -> None:
    assert sum(run_together(*[admitted] * 16)) == 5


@pytest.mark.django_db(transaction=True)
def test_a_code_is_used_by_one_of_many_at_once() -> None:
    def use() -> bool:
        return throttle.first_use("used-code", 1, "123456", window=dt.timedelta(seconds=90))

    assert sum(run_together(*[use] * 8)) == 1


def test_the_table_holds_neither_names_nor_addresses(db: None) -> None:
    throttle.count([Limit("pair", ("203.0.113.7", "otto"), 5)])
    key = Tries.objects.get().key
    assert "otto" not in key and "203.0" not in key  # no digits of a digest look so


def test_counters_of_the_past_are_forgotten(db: None) -> None:
    admitted()
    admitted(Limit("test", ("bob",), 5))
    Tries.objects.filter(key=LIMIT.key).update(until=F("until") - throttle.WINDOW)
    throttle.forget_old()
    assert Tries.objects.count() == 1
