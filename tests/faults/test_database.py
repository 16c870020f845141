"""PostgreSQL that restarts, is away, drops sessions, has no room for more, or is held up by somebody."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from campaigns.models import SubTask, Task
from dispatch.models import Attempt, AttemptOutcome
from tests.faults.conftest import ScenarioReport
from tests.faults.databases import OwnServer
from tests.faults.harness import Scenario, counts
from tests.faults.programs import Smtp, wait_until

RESTARTS = 5
OUTAGE_SECONDS = float(os.environ.get("FAULTS_OUTAGE_SECONDS", "60"))
SEED = 5


def paced(scenario: Scenario, recipients: int) -> tuple[Smtp, Task]:
    """A campaign of ten services, 400 messages a second at most, two clusters, launched."""
    smtp = scenario.smtp()
    for _ in range(10):
        scenario.service(smtp, sending_interval="0.025", max_connections=4)
    task = scenario.campaign(recipients)
    scenario.start_clusters(2)
    scenario.launch(task)
    return smtp, task


def sends_again(smtp: Smtp) -> float:
    before = smtp.accepted()
    return wait_until(lambda: smtp.accepted() > before + 20, 60, "messages are sent again")


def test_immediate_restarts_of_postgresql_lose_and_double_nothing(
    scenario_on_own_server: Scenario, own_server: OwnServer, report: ScenarioReport
) -> None:
    scenario = scenario_on_own_server
    smtp, task = paced(scenario, 4_000)
    slowest = 0.0
    for number in range(1, RESTARTS + 1):
        wait_until(lambda n=number: smtp.accepted() > n * 500, 60, "messages are sent")  # type: ignore[misc]
        own_server.restart_at_once()
        slowest = max(slowest, sends_again(smtp))

    found = scenario.finish(task)
    notes = f"{RESTARTS} restarts, sending again {slowest:.1f} s after at most"
    report(scenario, "4 PostgreSQL restarts", found, notes)


@pytest.mark.timeout(240 + OUTAGE_SECONDS)
def test_a_long_outage_of_postgresql_loses_and_doubles_nothing(
    scenario_on_own_server: Scenario, own_server: OwnServer, report: ScenarioReport
) -> None:
    scenario = scenario_on_own_server
    smtp, task = paced(scenario, 3_000)
    wait_until(lambda: smtp.accepted() > 500, 60, "messages are sent")
    own_server.stop_at_once()
    scenario.run_for(2)
    before = smtp.accepted()
    scenario.run_for(OUTAGE_SECONDS)
    assert smtp.accepted() == before
    own_server.start_again()
    again = sends_again(smtp)

    found = scenario.finish(task)
    notes = f"{OUTAGE_SECONDS:.0f} s away, sending again {again:.1f} s after"
    report(scenario, "4 PostgreSQL outage", found, notes)


def test_sessions_that_are_terminated_all_the_time_lose_and_double_nothing(
    scenario: Scenario, report: ScenarioReport
) -> None:
    smtp, task = paced(scenario, 4_000)
    dice = random.Random(SEED)
    terminated = 0
    with psycopg.connect(scenario.url, autocommit=True) as session:
        while smtp.accepted() < 2_500:
            others = session.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchall()
            if others:
                session.execute("SELECT pg_terminate_backend(%s)", dice.choice(others))
                terminated += 1
            scenario.run_for(0.1)

    found = scenario.finish(task)
    report(scenario, "4 terminated sessions", found, f"{terminated} sessions terminated")


def test_a_server_without_room_for_more_sessions_holds_up_only_what_needs_a_new_one(
    scenario_on_own_server: Scenario, own_server: OwnServer, report: ScenarioReport
) -> None:
    scenario = scenario_on_own_server
    own_server.set(max_connections="40", superuser_reserved_connections="1")
    smtp, task = paced(scenario, 4_000)
    wait_until(lambda: smtp.accepted() > 500, 60, "messages are sent")
    with all_sessions_taken(scenario.url) as taken:
        scenario.terminate_sessions_of_dispatchers()
        scenario.run_for(5)
    again = sends_again(smtp)

    found = scenario.finish(task)
    notes = f"{taken} sessions took all the room for 5 s, sending again {again:.1f} s after"
    report(scenario, "4 connection limit", found, notes)


def test_a_lock_on_the_whole_table_only_makes_everybody_wait(
    scenario: Scenario, report: ScenarioReport
) -> None:
    smtp, task = paced(scenario, 4_000)
    wait_until(lambda: smtp.accepted() > 500, 60, "messages are sent")
    with psycopg.connect(scenario.url) as session:
        session.execute("SET lock_timeout = '20s'")
        session.execute("LOCK TABLE campaigns_subtask IN ACCESS EXCLUSIVE MODE")
        scenario.run_for(8)
        session.rollback()
    again = sends_again(smtp)

    found = scenario.finish(task)
    notes = f"locked for 8 s (lock time-out 5 s), sending again {again:.1f} s after"
    report(scenario, "4 lock time-outs", found, notes)


def test_statements_that_time_out_are_run_again(scenario: Scenario, report: ScenarioReport) -> None:
    scenario.settings["STATEMENT_TIMEOUT_SECONDS"] = "1"
    smtp, task = paced(scenario, 4_000)
    with psycopg.connect(scenario.url) as session:
        for _ in range(4):
            session.execute("LOCK TABLE campaigns_subtask IN ACCESS EXCLUSIVE MODE")
            scenario.run_for(2)
            session.rollback()
            sends_again(smtp)

    found = scenario.finish(task)
    report(scenario, "4 statement time-outs", found, "limit 1 s, exceeded four times")


def test_a_session_idle_in_a_transaction_pins_old_rows_and_costs_only_speed(
    scenario: Scenario, report: ScenarioReport
) -> None:
    smtp = scenario.smtp()
    for _ in range(4):
        scenario.service(smtp, sending_interval=0, max_connections=4)
    scenario.start_clusters(2)
    free = scenario.campaign(6_000)
    scenario.launch(free)
    seconds_free = wait_until(lambda: not counts(free).open, 120, "the first campaign is sent")
    with psycopg.connect(scenario.url) as session:
        session.execute("SET idle_in_transaction_session_timeout = 0")
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        session.execute("SELECT count(*) FROM campaigns_task")
        pinned = scenario.campaign(6_000)
        scenario.launch(pinned)
        seconds_pinned = wait_until(lambda: not counts(pinned).open, 240, "the second one is sent")
        session.rollback()

    found = scenario.finish(pinned)
    notes = (
        f"6,000 messages in {seconds_free:.1f} s, with old rows pinned in {seconds_pinned:.1f} s"
    )
    report(scenario, "4 idle in transaction", found, notes)
    assert Attempt.objects.filter(outcome=AttemptOutcome.ACCEPTED).count() == 12_000
    assert not SubTask.objects.exclude(status="sent").exists()


@contextmanager
def all_sessions_taken(url: str) -> Iterator[int]:
    """Take every session that becomes free, until the block ends."""
    stop = threading.Event()
    taken: list[psycopg.Connection] = []

    def take() -> None:
        while not stop.wait(0.01):
            try:
                taken.append(psycopg.connect(url, application_name="taker"))
            except psycopg.OperationalError:
                continue

    thread = threading.Thread(target=take)
    thread.start()
    try:
        wait_until(lambda: len(taken) > 10, 20, "sessions are taken")
        yield len(taken)
    finally:
        stop.set()
        thread.join()
        for session in taken:
            session.close()
