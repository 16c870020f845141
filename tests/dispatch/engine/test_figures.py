"""What dispatchers count about themselves: that it adds up, and that it is right after a run."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
from django.db.models import F, Sum

from campaigns.models import SubTask
from dispatch import counters
from dispatch.claiming import leases
from dispatch.engine import figures
from dispatch.models import Attempt, Dispatcher, Pace
from dispatch.results import recovery
from tests.dispatching import Dispatch, MakeService
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    held,
    sending_task,
)
from tests.smtp_server import SmtpServer


def counted() -> dict[str, Any]:
    """The figures of the dispatcher that began last."""
    figures: dict[str, Any] = Dispatcher.objects.latest("pk").figures
    return figures


def durations(*seconds: float) -> Counter[str]:
    counts: Counter[str] = Counter()
    for each in seconds:
        counters.observe(counts, each)
    return counts


def test_counts_add_up_at_every_depth() -> None:
    total = counters.add({"a": 1, "b": {"x": 2}}, {"b": {"x": 3, "y": 4}, "c": 5})

    assert total == {"a": 1, "b": {"x": 5, "y": 4}, "c": 5}


def test_the_order_of_adding_changes_nothing() -> None:
    many: list[dict[str, Any]] = [{"a": 1, "b": {"x": 2}}, {"b": {"y": 1}}, {"a": 3}]

    assert counters.add_up(many) == counters.add_up(reversed(many))
    assert many[0] == {"a": 1, "b": {"x": 2}}


def test_what_was_added_is_what_has_grown() -> None:
    counts, more = {"a": 5, "b": {"x": 1}}, {"a": 2, "b": {"x": 0, "y": 3}}

    assert counters.since(counts, counters.add_up([counts, more])) == more


def test_counts_that_began_anew_have_not_shrunk() -> None:
    assert counters.since({"a": 7}, {"a": 2, "b": 1}) == {"a": 0, "b": 1}


def test_a_duration_at_the_bound_of_a_bucket_is_in_it() -> None:
    assert durations(0.005, 0.0051, 9) == {"0.005": 1, "0.01": 1, "inf": 1, "sum": 9.0101}


def test_buckets_are_cumulative_and_the_last_has_all() -> None:
    buckets = dict(counters.cumulative(durations(0.0005, 0.003, 60)))

    assert (buckets[0.001], buckets[0.005], buckets[5.0], buckets[math.inf]) == (1, 2, 2, 3)


def test_a_quantile_lies_in_the_bucket_that_holds_it() -> None:
    counts = durations(*[0.004] * 98, 0.3, 0.3)

    half, nearly_all = counters.quantile(counts, 0.5), counters.quantile(counts, 0.99)
    assert half is not None and 0.002 < half <= 0.005
    assert nearly_all is not None and 0.2 < nearly_all <= 0.5


def test_the_quantile_of_nothing_is_unknown() -> None:
    assert counters.quantile({}, 0.99) is None


def test_the_longest_durations_count_as_the_last_bound() -> None:
    assert counters.quantile(durations(60), 0.5) == 5.0


@pytest.mark.django_db
def test_a_run_counts_what_it_claimed_and_what_became_of_it(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    service = make_service()
    sending_task(7)

    dispatch()

    assert counted()["claimed"] == 7
    assert counted()["services"] == {str(service.pk): {"accepted": 7}}
    assert counted()["lost_races"] == 0


@pytest.mark.django_db
def test_claims_and_ticks_are_timed(make_service: MakeService, dispatch: Dispatch) -> None:
    make_service()
    sending_task(3)

    dispatch()

    claims, ticks = (
        counters.cumulative(counted()[f"{name}_seconds"]) for name in ("claim", "tick")
    )
    assert 1 <= claims[-1][1] <= ticks[-1][1]


@pytest.mark.django_db
def test_the_lateness_of_paced_starts_is_counted(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    make_service(sending_interval="0.05")
    sending_task(4)

    dispatch()

    late = counted()["lateness_seconds"]
    lateness = Attempt.objects.aggregate(total=Sum(F("started_at") - F("slot_at")))["total"]
    assert counters.cumulative(late)[-1][1] == 4
    assert late["sum"] == pytest.approx(lateness.total_seconds())


@pytest.mark.django_db
def test_without_a_pace_nothing_is_late(make_service: MakeService, dispatch: Dispatch) -> None:
    make_service()
    sending_task(2)

    dispatch()

    assert counted()["lateness_seconds"] == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        ("rcpt:reply:450 4.2.1 Mailbox busy", "deferred"),
        ("rcpt:reply:550 5.1.1 No such user", "rejected"),
        ("mail:reply:421 4.7.0 Too many messages", "service_error"),
        ("dot:close", "unknown"),
    ],
)
def test_every_outcome_is_counted_for_its_service(
    make_service: MakeService, dispatch: Dispatch, behaviour: str, outcome: str
) -> None:
    with SmtpServer([behaviour]) as server:
        service = make_service(server=server)
        sending_task(1)
        dispatch(until=lambda: Attempt.objects.exists())

    assert counted()["services"][str(service.pk)][outcome] == 1


@pytest.mark.django_db
def test_a_message_that_cannot_be_made_is_counted(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    service = make_service()
    task = SendingTaskFactory()
    content = ContentFactory(task=task, subject="{{ 1 | divided_by: parts }}")
    SubTaskFactory(task=task, content=content, variables={"parts": 0})

    dispatch()

    assert counted()["services"][str(service.pk)] == {"unsendable": 1, "unused": 1}


@pytest.mark.django_db
def test_a_service_that_cannot_be_connected_to_has_an_error_and_an_unused_slot(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    with SmtpServer() as gone:
        service = make_service(server=gone)
    sending_task(1)

    dispatch(until=lambda: Pace.objects.filter(frozen_until__isnull=False).exists())

    assert counted()["services"][str(service.pk)]["service_error"] >= 1
    assert counted()["services"][str(service.pk)]["unused"] >= 1


@pytest.mark.django_db
def test_what_was_claimed_and_not_started_is_unused(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    service = make_service(sending_interval="0.3")
    sending_task(5)

    dispatch(until=lambda: SubTask.objects.filter(status="allocated").exists())

    of_service = counted()["services"][str(service.pk)]
    assert of_service["unused"] >= 1
    assert of_service["unused"] + of_service.get("accepted", 0) == counted()["claimed"]


@pytest.mark.django_db
def test_what_a_dead_dispatcher_left_in_doubt_is_counted_with_it() -> None:
    service, dead = EmailServiceFactory(), DispatcherFactory(figures={"claimed": 2})
    held("sending", dead, service, sending_at="2030-01-01T00:00Z")

    recovery.expire_leases([dead.pk])
    recovery.recover_dead()

    dead.refresh_from_db()
    assert dead.figures == {"claimed": 2, "services": {str(service.pk): {"unknown": 1}}}


@pytest.mark.django_db
def test_a_dispatcher_that_was_declared_dead_writes_no_more_figures() -> None:
    dead = DispatcherFactory(figures={"claimed": 2})
    recovery.expire_leases([dead.pk])
    recovery.recover_dead()

    with pytest.raises(leases.LeaseLost):
        leases.beat(dead.pk, {"claimed": 3})
    leases.end(dead.pk, {"claimed": 4})

    dead.refresh_from_db()
    assert dead.figures["claimed"] == 2


def test_figures_are_not_written_with_every_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "WRITE_EVERY_SECONDS", 3600)
    own = figures.Figures()

    assert own.due() is not None
    assert own.due() is None
