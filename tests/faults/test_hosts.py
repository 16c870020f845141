"""Several hosts: one whose clock is wrong, one that is cut off from the network and comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from campaigns.models import SubTask
from dispatch.models import Attempt, Dispatcher
from dispatch.process.maintenance import ADVISORY_LOCK, run_maintenance
from tests.faults.conftest import ScenarioReport
from tests.faults.databases import OwnServer
from tests.faults.harness import START_SECONDS, Scenario, dispatchers, in_half_a_day
from tests.faults.hosts import NETWORK, Hosts, wrong_clock
from tests.faults.programs import Cluster, Program, environment, wait_until

# One bridge for all of them.
pytestmark = pytest.mark.xdist_group("hosts")

WRONG_BY_SECONDS = {"fast": 600, "slow": -600}
CUT_OFF_SECONDS = 20.0


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    made = Hosts()
    yield made
    made.close()


@pytest.mark.parametrize("direction", ["fast", "slow"])
def test_a_host_whose_clock_is_ten_minutes_wrong_keeps_pace_leases_and_quota(
    scenario: Scenario, report: ScenarioReport, direction: str
) -> None:
    smtp = scenario.smtp()
    for n in range(10):
        quota = 150 if n % 2 else None
        scenario.service(
            smtp, sending_interval="0.025", daily_quota=quota, quota_reset_time=in_half_a_day()
        )
    scenario.start_clusters(1)
    scenario.settings = {
        "LD_PRELOAD": str(wrong_clock(scenario.directory)),
        "WRONG_CLOCK_SECONDS": str(WRONG_BY_SECONDS[direction]),
    }
    (wrong,) = scenario.start_clusters(1)
    task = scenario.campaign(3_000)
    scenario.launch(task)
    scenario.wait_sent(task, 1_500)

    alive = Dispatcher.objects.filter(ended_at=None).count()
    shares = {pk: Attempt.objects.filter(dispatcher_id=pk).count() for pk in dispatchers(wrong)}
    seen = dt.datetime.strptime(first_line(wrong)[:19], "%Y-%m-%d %H:%M:%S")
    found = scenario.finish(task)
    assert abs((seen - dt.datetime.now()).total_seconds()) > 500
    assert alive == 2
    assert found.sent == 3_000
    assert sum(shares.values()) > 100
    report(scenario, f"9 clock 10 min {direction}", found, f"that host sent {sum(shares.values())}")


HOLD_LOCK = f"""
import signal
import django
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT pg_advisory_lock({ADVISORY_LOCK})")
    print("locked", flush=True)
    signal.pause()
"""


def test_a_host_that_is_cut_off_while_it_leads_maintenance_leaves_that_to_the_others(
    scenario_on_own_server: Scenario, own_server: OwnServer, hosts: Hosts
) -> None:
    own_server.listen(hosts.address, str(NETWORK))
    _, second = hosts.hosts
    env = environment(own_server.url_at(hosts.address))
    log = scenario_on_own_server.directory / "holder.log"
    holder = Program(["-c", HOLD_LOCK], env, log, second.prefix)
    try:
        wait_until(lambda: log.read_text(), START_SECONDS, "the lock is held")
        second.unplug()
        wait_until(run_maintenance, CUT_OFF_SECONDS, "another host leads maintenance")
    finally:
        holder.kill()


def first_line(cluster: Cluster) -> str:
    return cluster.log.read_text().partition("\n")[0]


def test_a_host_that_is_cut_off_and_comes_back_doubles_and_loses_nothing(
    scenario_on_own_server: Scenario, own_server: OwnServer, hosts: Hosts, report: ScenarioReport
) -> None:
    scenario = scenario_on_own_server
    own_server.listen(hosts.address, str(NETWORK))
    smtp = scenario.smtp(host=hosts.address)
    scenario.settings |= {"INTERNAL_NETWORKS": str(NETWORK), "INTERNAL_PORTS": str(smtp.port)}
    for _ in range(10):
        scenario.service(smtp, sending_interval="0.025", max_connections=4)
    first, second = hosts.hosts
    url = own_server.url_at(hosts.address)
    scenario.cluster_on(first.prefix, url)
    cut_off = scenario.cluster_on(second.prefix, url)
    scenario.wait_for_dispatchers()
    task = scenario.campaign(6_000)
    scenario.launch(task)
    scenario.wait_sent(task, 1_000)

    victims = dispatchers(cut_off)
    second.unplug()
    scenario.run_for(CUT_OFF_SECONDS)
    taken_over = not SubTask.objects.filter(dispatcher_id__in=victims).exists()
    assert taken_over
    second.plug_in()
    back = wait_until(
        lambda: set(dispatchers(cut_off)) - set(victims), 60, "the host that was cut off dispatches"
    )

    found = scenario.finish(task)
    unknown = Attempt.objects.filter(dispatcher_id__in=victims, outcome="unknown").count()
    assert found.in_doubt == unknown
    notes = f"cut off for {CUT_OFF_SECONDS:.0f} s, dispatching {back:.1f} s after"
    report(scenario, "10 two hosts", found, notes)
