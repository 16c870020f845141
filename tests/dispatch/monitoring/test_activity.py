"""Figures over all dispatchers: they only grow, and the difference of two moments is what was done."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from dispatch.models import Dispatcher, FiguresSample, FiguresTotal
from dispatch.monitoring import activity, history
from dispatch.monitoring.activity import CountsNow, Period
from dispatch.process import maintenance
from tests.concurrency import running
from tests.factories import DispatcherFactory

pytestmark = pytest.mark.django_db
LONG_AGO = Now() - dt.timedelta(days=8)


def counts(claimed: int, **outcomes: int) -> dict[str, Any]:
    return {"claimed": claimed, "services": {"7": outcomes} if outcomes else {}}


def sample(
    seconds_ago: float,
    accepted: int,
    at: dt.datetime | None = None,
    dispatchers: dict[str, int] | None = None,
) -> None:
    FiguresSample.objects.create(
        taken_at=(at or timezone.now()) - dt.timedelta(seconds=seconds_ago),
        figures={"claimed": accepted, "outcomes": {"accepted": accepted}},
        services={"7": {"accepted": accepted}},
        dispatchers=dispatchers or {},
    )


def last_minute(now: CountsNow | None = None) -> Period:
    minute = activity.last_minute(now or activity.read_counts())
    assert minute is not None
    return minute


def test_living_and_ended_dispatchers_are_added_up() -> None:
    DispatcherFactory(figures=counts(5, accepted=4, unused=1))
    DispatcherFactory(figures=counts(2, accepted=2), ended_at=Now())

    now = activity.read_counts()

    assert now.overall["claimed"] == 7
    assert now.services == {"7": {"accepted": 6, "unused": 1}}
    assert now.overall["outcomes"] == {"accepted": 6, "unused": 1}


def test_nobody_has_done_anything_yet() -> None:
    now = activity.read_counts()

    assert (now.overall, now.services, now.dispatchers) == ({"outcomes": {}}, {}, [])


def test_dispatchers_that_have_not_ended_are_listed_with_what_they_handed_over() -> None:
    living = DispatcherFactory(figures=counts(9, accepted=5, unknown=1, unused=3))
    DispatcherFactory(ended_at=Now())

    (each,) = activity.read_counts().dispatchers

    assert (each.id, each.host, each.pid, each.handed_over) == (living.pk, living.host, 1, 6)


def test_counting_those_that_ended_changes_no_sum() -> None:
    DispatcherFactory.create_batch(3, figures=counts(5, accepted=4), ended_at=Now())
    DispatcherFactory(figures=counts(1))
    before = activity.read_counts()

    assert history.count_ended() == 3

    after = activity.read_counts()
    assert (after.overall, after.services) == (before.overall, before.services)


def test_each_that_ended_is_counted_once() -> None:
    DispatcherFactory(figures=counts(5), ended_at=Now())
    history.count_ended()
    DispatcherFactory(figures=counts(2), ended_at=Now())

    assert history.count_ended() == 1
    assert history.count_ended() == 0
    assert FiguresTotal.objects.get().figures["claimed"] == 7


def test_the_living_are_not_counted() -> None:
    DispatcherFactory(figures=counts(5))

    assert history.count_ended() == 0


def test_forgetting_dispatchers_changes_no_sum() -> None:
    DispatcherFactory(figures=counts(5, accepted=5), ended_at=LONG_AGO)
    before = activity.read_counts().overall

    maintenance.run_maintenance()

    assert not Dispatcher.objects.exists()
    assert activity.read_counts().overall == before


def test_a_dispatcher_whose_figures_are_not_counted_is_not_forgotten() -> None:
    DispatcherFactory(ended_at=LONG_AGO)

    maintenance.prune()

    assert Dispatcher.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_reads_while_figures_are_being_counted_sees_each_once() -> None:
    DispatcherFactory(figures=counts(5), ended_at=Now())

    with transaction.atomic():
        history.count_ended()
        with running(activity.read_counts) as meanwhile:
            seen = meanwhile.result()

    assert seen.overall["claimed"] == activity.read_counts().overall["claimed"] == 5


def test_the_last_minute_is_what_has_grown_since_a_sample() -> None:
    DispatcherFactory(figures=counts(190, accepted=180, deferred=3))
    sample(45, accepted=150)

    now = activity.read_counts()
    minute = last_minute(now)

    assert minute.outcomes == {"accepted": 30, "deferred": 3}
    assert minute.of_service(7) == {"accepted": 30, "deferred": 3}
    assert minute.seconds == (now.at - FiguresSample.objects.get().taken_at).total_seconds()


def test_the_oldest_sample_of_the_last_minute_is_compared_with() -> None:
    sample(1000, accepted=1)
    sample(50, accepted=2)
    sample(25, accepted=3)
    DispatcherFactory(figures=counts(10, accepted=10))

    assert last_minute().outcomes == {"accepted": 8}


def test_without_a_sample_nothing_is_known_of_the_last_minute() -> None:
    sample(1000, accepted=1)
    sample(0, accepted=1)

    assert activity.last_minute(activity.read_counts()) is None


def test_the_work_of_each_dispatcher_in_the_last_minute() -> None:
    first = DispatcherFactory(figures=counts(50, accepted=50))
    second = DispatcherFactory(figures=counts(7, accepted=7))
    sample(45, 0, dispatchers={str(first.pk): 20})

    minute = last_minute()

    assert minute.dispatchers == {first.pk: 30, second.pk: 7}


def test_the_last_hour_has_a_value_for_each_minute() -> None:
    now = timezone.now()
    for minutes_ago in (3, 2, 1):
        sample(60 * minutes_ago, accepted=100 - 10 * minutes_ago, at=now)

    hour = list(activity.last_hour())

    assert [period.outcomes for period in hour] == [{"accepted": 10}, {"accepted": 10}]
    assert [period.per_second(60) for period in hour] == [1, 1]


def test_the_time_without_maintenance_has_no_values() -> None:
    for minutes_ago in (40, 39, 2, 1):
        sample(60 * minutes_ago, accepted=100 - minutes_ago)

    assert [period.outcomes for period in activity.last_hour()] == [{"accepted": 1}] * 2


def test_a_sample_is_taken_every_ten_seconds() -> None:
    sample(-60, accepted=1)
    history.take_sample()
    assert FiguresSample.objects.count() == 1

    FiguresSample.objects.update(taken_at=Now() - dt.timedelta(seconds=11))
    history.take_sample()
    assert FiguresSample.objects.count() == 2


def test_a_sample_holds_what_is_counted_now() -> None:
    living = DispatcherFactory(figures=counts(5, accepted=4))

    history.take_sample()

    taken = FiguresSample.objects.get()
    assert taken.figures == {"claimed": 5, "outcomes": {"accepted": 4}}
    assert taken.services == {"7": {"accepted": 4}}
    assert taken.dispatchers == {str(living.pk): 4}


def test_samples_are_forgotten_after_an_hour() -> None:
    sample(3700, accepted=1)

    history.take_sample()

    assert FiguresSample.objects.count() == 1
