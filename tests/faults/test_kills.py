"""Processes that are killed, told to stop, or frozen in the middle of a campaign."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable

import pytest
from django.db import connection

from campaigns.models import SubTask, Task
from dispatch.models import Attempt, AttemptOutcome, Dispatcher
from tests.faults.conftest import ScenarioReport
from tests.faults.evidence import Evidence
from tests.faults.harness import (
    START_SECONDS,
    Scenario,
    counts,
    dispatchers,
    in_flight,
)
from tests.faults.programs import GOODBYE_SECONDS, Cluster, send, wait_until

SEED = 20
KILLS = int(os.environ.get("FAULTS_KILLS", "50"))
BETWEEN_KILLS = 100
"""So many messages at most are sent between all being well again and the next kill."""

SLOWLY = "0.1"
"""Interval (seconds) of each service: at 100 messages a second a campaign outlasts all that is done to it."""

TO_OUTLAST_A_KILL = 800
"""Recipients: the slowest recovery takes a lease, the other kinds a second or two."""

TO_OUTLAST_A_START = 2_000
"""Recipients: each storm is followed by the start of a cluster, 10 s on a busy machine."""

STORMS = 8
RECOVERY_SECONDS = 15.0
"""How long after a kill -9 everything must run again: a lease, and a few seconds to notice and to take over."""


@pytest.mark.timeout(180 + 8 * KILLS)
def test_kill_9_of_any_process_loses_and_doubles_nothing(
    scenario: Scenario, report: ScenarioReport
) -> None:
    task = paced_campaign(scenario, KILLS * TO_OUTLAST_A_KILL, interval=SLOWLY)
    scenario.start_clusters(3)
    scenario.launch(task)
    dice = random.Random(SEED)
    kinds = [kill_worker, kill_sentinel, kill_pusher, kill_supervisor, kill_cluster]
    kills = [kinds[number % len(kinds)] for number in range(KILLS)]
    dice.shuffle(kills)
    worst: dict[str, float] = {}
    at_risk = 0

    for kill in kills:
        scenario.wait_sent(task, counts(task).accepted + dice.randrange(BETWEEN_KILLS))
        cluster = dice.choice(living(scenario))
        victims = freeze(cluster)
        flying = in_flight(victims)
        recovered = kill(cluster)
        seconds = wait_until(recovered, START_SECONDS, f"all well again after {kill.__name__}")
        name = kill.__name__.removeprefix("kill_")
        worst[name] = max(worst.get(name, 0), seconds)
        if kill in (kill_worker, kill_cluster):
            assert unknown(victims) <= flying
            at_risk += flying
        while len(living(scenario)) < 3:
            scenario.start_clusters(1)
    found = stop_while_busy(scenario, task)

    assert max(worst.values()) <= RECOVERY_SECONDS
    times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in sorted(worst.items()))
    report(
        scenario,
        "3 kill -9",
        found,
        f"{KILLS} kills, {at_risk} in flight; again after at most {times}",
    )


def test_a_storm_of_stop_signals_loses_and_doubles_nothing(
    scenario: Scenario, report: ScenarioReport
) -> None:
    task = paced_campaign(scenario, STORMS * TO_OUTLAST_A_START, interval=SLOWLY)
    scenario.start_clusters(3)
    scenario.launch(task)
    dice = random.Random(SEED)
    slowest = 0.0
    for _ in range(STORMS):
        scenario.wait_sent(task, counts(task).accepted + BETWEEN_KILLS)
        cluster = dice.choice(living(scenario))
        for _ in range(20):
            send(dice.choice(cluster.pids() or [cluster.process.pid]), signal.SIGTERM)
        cluster.process.terminate()
        slowest = max(slowest, cluster.wait_gone())
        scenario.start_clusters(1)

    found = stop_while_busy(scenario, task)
    report(
        scenario, "5 SIGTERM storms", found, f"{STORMS} storms, gone after {slowest:.1f} s at most"
    )


def test_a_cluster_told_to_stop_does_so_in_time_and_the_others_go_on(
    scenario: Scenario, report: ScenarioReport
) -> None:
    task = paced_campaign(scenario, recipients=3_000)
    alone, like_systemd, other = scenario.start_clusters(3)
    scenario.launch(task)
    scenario.wait_sent(task, 300)

    held_before = dispatchers(alone, like_systemd)
    alone.process.send_signal(signal.SIGTERM)
    first = alone.wait_gone(GOODBYE_SECONDS)
    like_systemd.signal(signal.SIGTERM)
    second = like_systemd.wait_gone(GOODBYE_SECONDS)

    assert alone.process.wait() == like_systemd.process.wait() == 0
    assert not SubTask.objects.filter(dispatcher_id__in=held_before).exists()
    assert not Dispatcher.objects.filter(pk__in=held_before, ended_at=None).exists()
    assert dispatchers(other)
    scenario.wait_sent(task, counts(task).accepted + 300)
    found = scenario.finish(task)
    assert found.in_doubt == 0
    report(
        scenario, "5 SIGTERM", found, f"supervisor alone {first:.1f} s, whole tree {second:.1f} s"
    )


def test_a_cluster_that_slept_longer_than_its_lease_neither_sends_nor_writes(
    scenario: Scenario, report: ScenarioReport
) -> None:
    task = paced_campaign(scenario, recipients=3_000, behaviour="dot:delay:0.05")
    sleeper, _ = scenario.start_clusters(2)
    scenario.launch(task)
    scenario.wait_sent(task, 300)

    victims, flying = freeze_in_flight(sleeper)
    declared_dead = wait_until(
        lambda: not Dispatcher.objects.filter(pk__in=victims, ended_at=None).exists(),
        START_SECONDS,
        "the sleeping dispatcher is declared dead",
    )
    proof = written_by(victims)
    sleeper.signal(signal.SIGCONT)
    wait_until(
        lambda: set(dispatchers(sleeper)) - set(victims), START_SECONDS, "a new one dispatches"
    )

    found = scenario.finish(task)
    assert written_by(victims) == proof
    assert found.in_doubt == unknown(victims) == flying
    report(
        scenario,
        "6 SIGSTOP, SIGCONT",
        found,
        f"declared dead after {declared_dead:.1f} s with {flying} in flight",
    )


# The campaign


def paced_campaign(
    scenario: Scenario, recipients: int, behaviour: str = "", interval: str = "0.025"
) -> Task:
    """One that lasts long enough to be interrupted, through ten services: 400 messages a second by default."""
    smtp = scenario.smtp(*[behaviour] if behaviour else [])
    for _ in range(10):
        scenario.service(smtp, sending_interval=interval, max_connections=4)
    return scenario.campaign(recipients)


def stop_while_busy(scenario: Scenario, task: Task) -> Evidence:
    """Whatever was done to a campaign must have been done while there was something to lose. It still goes on, and when
    everybody stops nobody keeps anything."""
    scenario.wait_sent(task, counts(task).accepted + BETWEEN_KILLS)
    assert counts(task).open > 0
    found = scenario.stop_half_way()
    assert not SubTask.objects.exclude(dispatcher_id=None).exists()
    return found


def freeze(cluster: Cluster) -> list[int]:
    """Stop every process where it is, and wait until the database has done what they asked of it
    last. Returns the dispatchers among them.
    """
    found = dispatchers(cluster)
    cluster.signal(signal.SIGSTOP)
    wait_until(is_database_at_rest, 30, "the database has done what it was asked")
    return found


def is_database_at_rest() -> bool:
    """Whether no session but ours runs a statement. What a process stopped before its COMMIT came
    stays as it is.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid()"
            " AND wait_event_type IS DISTINCT FROM 'Lock')"
        )
        (at_rest,) = cursor.fetchone()
    return bool(at_rest)


def freeze_in_flight(cluster: Cluster) -> tuple[list[int], int]:
    """Stop every process while messages are on the line. Returns the dispatchers and how many messages."""
    while True:
        victims = freeze(cluster)
        if flying := in_flight(victims):
            return victims, flying
        cluster.signal(signal.SIGCONT)


def living(scenario: Scenario) -> list[Cluster]:
    return [cluster for cluster in scenario.clusters if cluster.process.poll() is None]


def unknown(dispatcher_ids: list[int]) -> int:
    """How many SubTasks were in doubt when these were found dead."""
    attempts = Attempt.objects.filter(dispatcher_id__in=dispatcher_ids)
    return attempts.filter(outcome=AttemptOutcome.UNKNOWN).count()


def written_by(dispatcher_ids: list[int]) -> list[tuple[object, ...]]:
    """All that there is from these dispatchers."""
    attempts = Attempt.objects.filter(dispatcher_id__in=dispatcher_ids).order_by("pk")
    rows = Dispatcher.objects.filter(pk__in=dispatcher_ids).order_by("pk")
    figures = rows.values_list("pk", "heartbeat_at", "ended_at", "figures")
    return [*attempts.values_list(), *figures]


# The kills. Each gets a cluster whose processes are all stopped, lets those it spares go on, and returns when all is well.


def kill_worker(cluster: Cluster) -> Callable[[], bool]:
    """The one that dispatches."""
    victims = dispatchers(cluster)
    for pid in Dispatcher.objects.filter(pk__in=victims).values_list("pid", flat=True):
        send(pid, signal.SIGKILL)
    cluster.signal(signal.SIGCONT)
    return lambda: replaced(cluster, victims)


def kill_sentinel(cluster: Cluster) -> Callable[[], bool]:
    victims = dispatchers(cluster)
    send(cluster.sentinel(), signal.SIGKILL)
    cluster.signal(signal.SIGCONT)
    return lambda: replaced(cluster, victims)


def kill_pusher(cluster: Cluster) -> Callable[[], bool]:
    """The one that takes work from the queue; dispatching goes on meanwhile."""
    before = cluster.pushers()
    for pid in before:
        send(pid, signal.SIGKILL)
    cluster.signal(signal.SIGCONT)
    return lambda: bool(set(cluster.pushers()) - set(before)) and bool(dispatchers(cluster))


def kill_supervisor(cluster: Cluster) -> Callable[[], bool]:
    """Its cluster must not live on without it."""
    victims = dispatchers(cluster)
    cluster.process.kill()
    cluster.signal(signal.SIGCONT)
    return lambda: not cluster.pids() and are_over(victims)


def kill_cluster(cluster: Cluster) -> Callable[[], bool]:
    """Everything at once, as when a host loses power."""
    victims = dispatchers(cluster)
    cluster.kill()
    return lambda: are_over(victims)


def replaced(cluster: Cluster, victims: list[int]) -> bool:
    return are_over(victims) and bool(set(dispatchers(cluster)) - set(victims))


def are_over(dispatcher_ids: list[int]) -> bool:
    """Declared dead or signed off, and holding nothing any more."""
    return not (
        Dispatcher.objects.filter(pk__in=dispatcher_ids, ended_at=None).exists()
        or SubTask.objects.filter(dispatcher_id__in=dispatcher_ids).exists()
    )
