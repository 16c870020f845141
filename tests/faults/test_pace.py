"""A hundred services with intervals from a fifth of a second to a minute: none early, none late, whoever runs them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import pytest

from dispatch.models import Attempt, EmailService
from tests.faults.conftest import ScenarioReport
from tests.faults.evidence import arrivals_by_domain, latenesses
from tests.faults.harness import Scenario, in_half_a_day

SECONDS = float(os.environ.get("FAULTS_PACE_SECONDS", "40"))
INTERVALS_SECONDS = ("0.2", "0.5", "1", "2", "5", "10", "30", "60")
SERVICES = 100


@pytest.mark.timeout(120 + 3 * SECONDS)
def test_a_hundred_services_keep_their_pace_while_clusters_come_and_go(
    scenario: Scenario, report: ScenarioReport
) -> None:
    smtp = scenario.smtp()
    services = [
        scenario.service(
            smtp,
            sending_interval=INTERVALS_SECONDS[n % len(INTERVALS_SECONDS)],
            burst=1 + n % 3,
            daily_quota=None if n % 5 else 2 + n,
            quota_reset_time=in_half_a_day(),
            max_connections=1 + n % 4,
        )
        for n in range(SERVICES)
    ]
    first, _ = scenario.start_clusters(2)
    task = scenario.campaign(int(250 * SECONDS))
    scenario.launch(task)
    scenario.run_for(SECONDS)
    steady = lateness_at_start(services)
    scenario.start_clusters(1)
    first.process.terminate()
    first.wait_gone()
    scenario.run_for(SECONDS / 4)
    found = scenario.stop_half_way()

    began = lateness_at_start(services)
    arrived = lateness_at_server(smtp.record, services)
    served = set(Attempt.objects.values_list("service", flat=True))
    assert served == {service.pk for service in services}
    report(
        scenario,
        "8 pace",
        found,
        f"late p50/p99/max ms: {summary(steady)}, with clusters changing {summary(began)}, at the server {summary(arrived)}",
    )


def lateness_at_start(services: Iterable[EmailService]) -> list[float]:
    found: list[float] = []
    for service in services:
        starts = Attempt.objects.filter(service=service).exclude(started_at=None)
        times = [at.timestamp() for at in starts.values_list("started_at", flat=True) if at]
        found += latenesses(times, float(service.sending_interval), service.burst)
    return found


def lateness_at_server(record: object, services: Iterable[EmailService]) -> list[float]:
    arrivals = arrivals_by_domain([record])  # type: ignore[list-item]
    found: list[float] = []
    for service in services:
        found += latenesses(
            arrivals[service.domain], float(service.sending_interval), service.burst
        )
    return found


def summary(values: Sequence[float]) -> str:
    ordered = sorted(values)
    picks = (ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100], ordered[-1])
    return "/".join(f"{1000 * pick:.0f}" for pick in picks)
