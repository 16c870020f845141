"""Background work that hangs or kills its workers: sending keeps its pace, and nothing is tried for ever."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable

import pytest
from django_q.models import OrmQ
from django_q.tasks import async_task

from campaigns import background
from campaigns.models import BackgroundJob, Task
from dispatch.models import Attempt, Dispatcher, EmailService
from dispatch.monitoring.queues import background_work
from tests.faults.conftest import ScenarioReport
from tests.faults.evidence import latenesses
from tests.faults.harness import Scenario, dispatchers
from tests.faults.programs import wait_until
from tests.faults.test_pace import summary

SERVICES = 20
INTERVAL = "0.5"
SLICE_SECONDS = 15
CALM_SECONDS = SLICE_SECONDS + 5
HANGING_SECONDS = 2 * SLICE_SECONDS + 5
"""Over one and over two ends of a slice."""
HANGING = 8
"""More than there are background workers."""
KEPT = 0.9
"""Of the starts that the paces allow, so many are made at least. How late they were is printed."""


@pytest.mark.timeout(420)
def test_while_every_background_worker_hangs_each_service_keeps_its_pace(
    scenario: Scenario, report: ScenarioReport
) -> None:
    services, task = paced(scenario)
    (cluster,) = scenario.start_clusters(1)
    scenario.launch(task)
    scenario.wait_sent(task, 2 * SERVICES)

    before = window(scenario, CALM_SECONDS)
    for _ in range(HANGING):
        async_task("tests.faults.hanging.hang", task_name="hang", save=False)
    wait_until(lambda: background_work().waiting <= HANGING - 4, 20, "all workers hang")
    during = window(scenario, HANGING_SECONDS)
    waiting = OrmQ.objects.filter(key="edm").count()
    slices = Dispatcher.objects.count()
    began = time.monotonic()
    assert dispatchers(cluster)
    found = scenario.stop_half_way()

    calm, busy = lateness(services, *before), lateness(services, *during)
    report(
        scenario,
        "background hangs",
        found,
        f"late p50/p99/max ms: {summary(calm)}, while all hang {summary(busy)}; {slices} slices,"
        f" stopped and compared in {time.monotonic() - began:.1f} s",
    )
    assert waiting == HANGING
    assert slices >= 4
    assert found.in_doubt == 0
    assert len(busy) >= KEPT * SERVICES * HANGING_SECONDS / float(INTERVAL)


@pytest.mark.timeout(300)
def test_work_that_kills_its_worker_is_set_aside_and_the_rest_is_done(
    scenario: Scenario, report: ScenarioReport
) -> None:
    _, task = paced(scenario)
    (cluster,) = scenario.start_clusters(1)
    background.ask("deadly", 1, "tests.faults.hanging.die", name="kill a worker")
    scenario.launch(task)
    scenario.wait_sent(task, 2 * SERVICES)

    seconds = wait_until(
        lambda: BackgroundJob.objects.filter(kind="deadly").exclude(set_aside_at=None).exists(),
        150,
        "it is set aside",
    )
    job = BackgroundJob.objects.get(kind="deadly")
    killed = cluster.log.read_text().count("processing kill a worker")
    found = scenario.stop_half_way()
    report(scenario, "background dies", found, f"set aside after {killed} kills, {seconds:.0f} s")
    assert (job.attempts, killed) == (background.MOST_ATTEMPTS, background.MOST_ATTEMPTS)
    assert job.reason == background.KILLED


def paced(scenario: Scenario) -> tuple[list[EmailService], Task]:
    scenario.settings["DISPATCH_SLICE_SECONDS"] = str(SLICE_SECONDS)
    smtp = scenario.smtp()
    services = [
        scenario.service(smtp, sending_interval=INTERVAL, max_connections=2)
        for _ in range(SERVICES)
    ]
    return services, scenario.campaign(20_000)


def window(scenario: Scenario, seconds: float) -> tuple[dt.datetime, dt.datetime]:
    start = dt.datetime.now(dt.UTC)
    scenario.run_for(seconds)
    return start, dt.datetime.now(dt.UTC)


def lateness(services: Iterable[EmailService], start: dt.datetime, end: dt.datetime) -> list[float]:
    found: list[float] = []
    for service in services:
        starts = Attempt.objects.filter(service=service, started_at__range=(start, end))
        times = [at.timestamp() for at in starts.values_list("started_at", flat=True) if at]
        found += latenesses(times, float(service.sending_interval), service.burst)
    return found
