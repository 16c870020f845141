"""Slices that end while a slow server has not replied: nothing is in doubt, and nothing else waits for it."""

from __future__ import annotations

import pytest

from dispatch.models import Attempt, Dispatcher
from tests.faults.conftest import ScenarioReport
from tests.faults.harness import Scenario

SLICE_SECONDS = 5
SLOW_ANSWER = "dot:delay:8"
"""Longer than a slice: each of them ends with replies outstanding, and so may the next."""
SECONDS = 45.0
INTERVAL = 0.5
KEPT = 0.9
"""Of the starts that the pace of the good service allows, so many are made at least."""


@pytest.mark.timeout(240)
def test_slices_that_end_while_a_server_is_slow_leave_nothing_in_doubt(
    scenario: Scenario, report: ScenarioReport
) -> None:
    scenario.settings |= {"DISPATCH_SLICE_SECONDS": str(SLICE_SECONDS), "DISPATCHERS": "2"}
    slow = scenario.service(scenario.smtp(SLOW_ANSWER), sending_interval=0, max_connections=4)
    good = scenario.service(scenario.smtp(), sending_interval=str(INTERVAL), max_connections=2)
    task = scenario.campaign(150)
    scenario.start_clusters(2)
    scenario.launch(task)
    scenario.wait_sent(task, 5)

    before = Attempt.objects.filter(service=good).count()
    scenario.run_for(SECONDS)
    kept = Attempt.objects.filter(service=good).count() - before
    found = scenario.finish(task)

    ended = Dispatcher.objects.exclude(ended_at=None).count()
    slowly = Attempt.objects.filter(service=slow)
    report(
        scenario, "changeovers", found, f"{ended} slices, {slowly.count()} of the slow, {kept} kept"
    )
    assert found.in_doubt == 0
    assert {each.outcome for each in slowly} == {"accepted"}
    assert ended >= 2 * 2 * SECONDS / (SLICE_SECONDS + 8) / 2
    assert kept >= KEPT * SECONDS / INTERVAL
