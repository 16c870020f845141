"""The figures as Prometheus metrics, by its conventions: counters end in `_total`, and units are
base units (seconds). `docs/operations.md` explains each.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from campaigns.models import SubTaskStatus
from dispatch import counters
from dispatch.counters import NestedCounts
from dispatch.monitoring import snapshot
from dispatch.monitoring.queues import OPEN
from dispatch.monitoring.services import ServiceReading
from dispatch.monitoring.snapshot import Snapshot
from dispatch.results import outcome_counts
from tracking.event_kinds import EventKind

MOST_TASKS = 200
"""Those with most left to do; more would be too many time series."""


def registry() -> CollectorRegistry:
    """A registry with our metrics alone, which reads the database when it is asked."""
    own = CollectorRegistry()
    own.register(DispatchCollector())
    return own


class DispatchCollector(Collector):
    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering it reads nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        now = snapshot.take()
        yield from _work(now.counts.overall)
        yield from _outcomes(now)
        yield from _services(now.services)
        yield from _dispatchers(now)
        yield from _tasks(now)
        yield from _ages(now)
        yield _rejected_requests(now)
        yield from _feedback(now)
        yield from _database(now)


def _work(counts: NestedCounts) -> Iterator[Metric]:
    for key, name, text in (
        ("claimed", "subtasks_claimed", "SubTasks claimed."),
        ("lost_races", "lost_races", "Writes refused because the claim had been taken away."),
        ("pace_locked", "pace_locked", "Times a service was passed over: its row was locked."),
        ("database_failures", "tick_failures", "Ticks that the database failed; they run again."),
    ):
        yield CounterMetricFamily(f"edm_{name}", text, value=counts.get(key, 0))
    for key, name, text in (
        ("claim_seconds", "claim_duration", "How long granting and claiming took in a tick."),
        ("tick_seconds", "tick_duration", "How long the transaction of a tick took."),
        ("lateness_seconds", "slot_lateness", "How long after its slot a paced message started."),
    ):
        yield _histogram(f"edm_{name}_seconds", text, counts.get(key, {}))


def _outcomes(now: Snapshot) -> Iterator[Metric]:
    outcomes = CounterMetricFamily(
        "edm_outcomes",
        "What became of SubTasks that were claimed.",
        labels=["service", "outcome"],
    )
    unused = CounterMetricFamily(
        "edm_grants_unused",
        "Slots that were granted and claimed for, and in which no message started.",
        labels=["service"],
    )
    for each in now.services:
        unused.add_metric([each.service.name], each.total.get("unused", 0))
        for outcome in outcome_counts.OUTCOMES:
            outcomes.add_metric([each.service.name, outcome], each.total.get(outcome, 0))
    yield outcomes
    yield unused


def _services(services: list[ServiceReading]) -> Iterator[Metric]:
    yield from _gauges(services)
    lateness = GaugeMetricFamily(
        "edm_service_recent_lateness_seconds",
        "Lateness of the newest starts, at most 200 of ten minutes, by rank: p50, p99, max.",
        labels=["service", "rank"],
    )
    for each in services:
        if late := each.lateness:
            for rank, value in (("p50", late.p50), ("p99", late.p99), ("max", late.max)):
                lateness.add_metric([each.service.name, rank], value)
    yield lateness


def _gauges(services: list[ServiceReading]) -> Iterator[Metric]:
    values: tuple[tuple[str, str, Callable[[ServiceReading], float | None]], ...] = (
        ("enabled", "1 when staff have it switched on.", lambda each: each.service.enabled),
        ("frozen", "1 while it is frozen.", lambda each: each.frozen),
        (
            "needs_person",
            "1 while it is frozen until a person unfreezes it.",
            lambda each: each.pace.needs_person,
        ),
        ("has_work", "1 while a SubTask waits that it may send.", lambda each: each.has_work),
        ("in_doubt", "SubTasks in doubt that it handed over.", lambda each: each.in_doubt),
        (
            "interval_seconds",
            "The interval between two starts; 0 for no limit.",
            lambda each: float(each.service.sending_interval),
        ),
        (
            "quota_used_messages",
            "Messages charged to the quota of the running day.",
            lambda each: None if each.service.daily_quota is None else each.quota_used,
        ),
        (
            "quota_messages",
            "Most messages in a day; missing when there is no limit.",
            lambda each: each.service.daily_quota,
        ),
    )
    for name, text, value_of in values:
        gauge = GaugeMetricFamily(f"edm_service_{name}", text, labels=["service"])
        for each in services:
            if (value := value_of(each)) is not None:
                gauge.add_metric([each.service.name], float(value))
        yield gauge


def _dispatchers(now: Snapshot) -> Iterator[Metric]:
    """By process, not by dispatcher, which is new every few minutes. A process runs one after the
    other, so that its counter sometimes starts anew, as a counter may.
    """
    age = GaugeMetricFamily(
        "edm_dispatcher_heartbeat_age_seconds",
        "How old the last heartbeat is of a dispatcher that has not ended.",
        labels=["host", "pid"],
    )
    handed_over = CounterMetricFamily(
        "edm_dispatcher_hand_overs",
        "Messages handed over by the dispatcher that runs in a process.",
        labels=["host", "pid"],
    )
    ages: dict[tuple[str, str], float] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for each in now.counts.dispatchers:
        process = (each.host, str(each.pid))
        ages[process] = max(ages.get(process, 0.0), now.seconds_since(each.heartbeat_at))
        counts[process] += each.handed_over
    for process, seconds in ages.items():
        age.add_metric(process, seconds)
        handed_over.add_metric(process, counts[process])
    yield GaugeMetricFamily(
        "edm_dispatchers", "Dispatchers whose lease holds.", value=len(now.alive)
    )
    yield age
    yield handed_over


def _tasks(now: Snapshot) -> Iterator[Metric]:
    tasks = GaugeMetricFamily("edm_tasks", "Tasks with work left.", labels=["status"])
    for status in OPEN:
        tasks.add_metric([status.value], sum(task.status == status for task in now.tasks))
    subtasks = GaugeMetricFamily(
        "edm_task_subtasks",
        f"SubTasks of a task that are not done; of the {MOST_TASKS} tasks with most of them.",
        labels=["task", "name", "state"],
    )
    for task in now.tasks[:MOST_TASKS]:
        for state in (SubTaskStatus.PENDING, SubTaskStatus.ALLOCATED, SubTaskStatus.SENDING):
            subtasks.add_metric([str(task.id), task.name, state.value], task.counts[state])
        subtasks.add_metric([str(task.id), task.name, "in_doubt"], task.counts.in_doubt)
    background = GaugeMetricFamily(
        "edm_background_tasks",
        "What django-q2 has to do; a dispatcher is one that is taken.",
        labels=["state"],
    )
    background.add_metric(["waiting"], now.background.waiting)
    background.add_metric(["taken"], now.background.taken)
    background.add_metric(["failing"], now.background.failing)
    background.add_metric(["set_aside"], now.background.set_aside)
    yield tasks
    yield subtasks
    yield GaugeMetricFamily("edm_launches", "Launches in progress.", value=len(now.launches))
    yield background


def _ages(now: Snapshot) -> Iterator[Metric]:
    for name, text, since in (
        (
            "edm_oldest_pending_age_seconds",
            "How long the SubTask has waited that could have been sent first; 0 when none waits.",
            now.oldest_waiting.waiting_since if now.oldest_waiting else None,
        ),
        (
            "edm_oldest_in_flight_age_seconds",
            "How long the SubTask has been held that is held longest; 0 when none is.",
            now.oldest_in_flight.since if now.oldest_in_flight else None,
        ),
    ):
        yield GaugeMetricFamily(name, text, value=now.seconds_since(since) if since else 0)


def _rejected_requests(now: Snapshot) -> Metric:
    rejected = CounterMetricFamily(
        "edm_refused_requests",
        "Requests to webhooks and public pages that were rejected.",
        labels=["endpoint", "reason"],
    )
    for labels, count in now.rejected_requests.items():
        rejected.add_metric(labels, count)
    return rejected


def _feedback(now: Snapshot) -> Iterator[Metric]:
    told = CounterMetricFamily(
        "edm_feedback",
        "Events that came back about messages, by kind, such as hard_bounced and complained.",
        labels=["kind"],
    )
    for kind in EventKind:
        told.add_metric([kind.value], now.feedback.get(kind.value, 0))
    yield told
    yield GaugeMetricFamily(
        "edm_suppressed_addresses",
        "Addresses and domains on the suppression list, about.",
        value=now.suppressed,
    )
    unreadable = GaugeMetricFamily(
        "edm_bounce_mailbox_unreadable",
        "1 while the bounce mailbox of a service could not be read last.",
        labels=["service"],
    )
    for mailbox in now.mailboxes:
        unreadable.add_metric([mailbox.service.name], float(bool(mailbox.problem)))
    yield unreadable


def _database(now: Snapshot) -> Iterator[Metric]:
    of_others = now.transactions
    for name, text, value in (
        ("transactions", "Open transactions of other sessions.", of_others.open),
        (
            "transaction_longest_seconds",
            "Age of the oldest of them; 0 when there is none.",
            of_others.longest_seconds,
        ),
        ("transactions_idle", "Those of them that wait for their client.", of_others.idle),
        ("connections", "Client connections to this database.", of_others.connections),
        ("connections_limit", "The server's max_connections.", of_others.max_connections),
    ):
        yield GaugeMetricFamily(f"edm_database_{name}", text, value=value)
    live = GaugeMetricFamily("edm_table_live_rows", "Rows of a table, about.", labels=["table"])
    dead = GaugeMetricFamily(
        "edm_table_dead_rows", "Rows that wait to be cleaned up, about.", labels=["table"]
    )
    for table in now.tables:
        live.add_metric([table.name], table.live_rows)
        dead.add_metric([table.name], table.dead_rows)
    yield live
    yield dead


def _histogram(name: str, text: str, durations: NestedCounts) -> Metric:
    buckets = [
        ("+Inf" if math.isinf(bound) else str(bound), float(count))
        for bound, count in counters.cumulative(durations)
    ]
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=durations.get("sum", 0.0))
