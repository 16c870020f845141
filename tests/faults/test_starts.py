"""kill -9 of dispatchers with many messages marked as sending behind few lanes: only what was on the wire is in doubt."""

from __future__ import annotations

import os
import random

import pytest
from django.db.models import Sum

from campaigns.models import SubTask, SubTaskStatus
from dispatch.models import Attempt, AttemptOutcome, ConnectionShare
from tests.faults.conftest import ScenarioReport
from tests.faults.harness import START_SECONDS, Scenario, counts, in_flight
from tests.faults.programs import wait_until
from tests.faults.test_kills import (
    freeze,
    kill_cluster,
    kill_worker,
    living,
    stop_while_busy,
    unknown,
)

SEED = 8
KILLS = int(os.environ.get("FAULTS_KILLS", "15"))
BETWEEN_KILLS = 60
SLOW_ANSWER = "dot:delay:0.02"
TO_OUTLAST_A_KILL = 1_000
"""Recipients: two services with two lanes each send 150 messages a second."""


@pytest.mark.timeout(180 + 10 * KILLS)
def test_a_storm_of_kills_leaves_no_more_in_doubt_than_lanes_were_busy(
    scenario: Scenario, report: ScenarioReport
) -> None:
    server = scenario.smtp(SLOW_ANSWER)
    for _ in range(2):
        scenario.service(server, sending_interval=0, max_connections=2)
    task = scenario.campaign(KILLS * TO_OUTLAST_A_KILL)
    scenario.start_clusters(2)
    scenario.launch(task)
    dice = random.Random(SEED)
    marked = in_doubt = 0

    for _ in range(KILLS):
        scenario.wait_sent(task, counts(task).accepted + dice.randrange(BETWEEN_KILLS))
        cluster = dice.choice(living(scenario))
        victims = freeze(cluster)
        flying, lanes = in_flight(victims), lanes_of(victims)
        recovered = kill_worker(cluster)
        wait_until(recovered, START_SECONDS, "another one dispatches")
        assert unknown(victims) <= lanes
        assert unknown(victims) + not_started(victims) <= flying
        marked, in_doubt = marked + flying, in_doubt + unknown(victims)

    found = stop_while_busy(scenario, task)
    assert found.in_doubt == in_doubt < marked
    report(
        scenario,
        "8 only the wire is in doubt",
        found,
        f"{KILLS} kills, {marked} marked as sending, {in_doubt} in doubt",
    )


def test_a_whole_cluster_that_was_killed_is_sorted_out_by_the_next_one_on_its_host(
    scenario: Scenario, report: ScenarioReport
) -> None:
    scenario.service(scenario.smtp(SLOW_ANSWER), sending_interval=0, max_connections=2)
    task = scenario.campaign(1_000)
    (cluster,) = scenario.start_clusters(1)
    scenario.launch(task)
    scenario.wait_sent(task, 100)

    victims = freeze(cluster)
    flying, lanes = in_flight(victims), lanes_of(victims)
    proofs = Attempt.objects.filter(dispatcher_id__in=victims)
    recorded = proofs.count()
    kill_cluster(cluster)
    held = SubTask.objects.filter(dispatcher_id__in=victims, status=SubTaskStatus.SENDING)
    assert held.count() == flying
    scenario.start_clusters(1)
    wait_until(lambda: not held.exists(), START_SECONDS, "what it held is sorted out")

    assert unknown(victims) <= lanes
    assert proofs.count() - recorded == flying
    found = scenario.finish(task)
    report(scenario, "8 a killed cluster", found, f"{flying} marked, {unknown(victims)} in doubt")


def lanes_of(dispatcher_ids: list[int]) -> int:
    """How many connections they may have, and so messages on the wire."""
    shares = ConnectionShare.objects.filter(dispatcher__in=dispatcher_ids)
    return shares.aggregate(all=Sum("connections"))["all"] or 0


def not_started(dispatcher_ids: list[int]) -> int:
    attempts = Attempt.objects.filter(dispatcher_id__in=dispatcher_ids)
    return attempts.filter(outcome=AttemptOutcome.NOT_STARTED).count()
