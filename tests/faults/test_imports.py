"""An import whose processes are killed goes on after its last piece."""

from __future__ import annotations

import random

import pytest

from campaigns.imports.settings import ImportSettings
from campaigns.imports.writing import run
from campaigns.models import Contact, Operation, OperationKind, OperationState
from campaigns.operations import files, running
from tests.factories import OperationFactory, UserFactory
from tests.faults.conftest import ScenarioReport
from tests.faults.harness import Scenario
from tests.faults.programs import wait_until

ROWS = 90_000
AGAIN = 5_000
"""Rows at the end that repeat the first addresses."""
KILLS = 3
PATIENCE_SECONDS = 240.0


@pytest.mark.timeout(600)
def test_kill_9_of_the_cluster_loses_and_doubles_no_row_of_an_import(
    scenario: Scenario, report: ScenarioReport
) -> None:
    operation = prepared()
    running.start(operation)
    dice = random.Random(7)
    for kill in range(KILLS):
        (cluster,) = scenario.start_clusters(1)
        before = done(operation)
        wait_until(lambda: done(operation) > before, PATIENCE_SECONDS, "a piece came in")  # noqa: B023
        wait_until(lambda: dice.random() < 0.3, 5, f"the moment of kill {kill}")
        cluster.kill()
    scenario.start_clusters(1)
    wait_until(lambda: state(operation) == OperationState.DONE, PATIENCE_SECONDS, "it is done")

    operation.refresh_from_db()
    result = operation.result
    assert (result["created"], result["duplicates"], result["rejected"]) == (ROWS, AGAIN, 1)
    assert Contact.objects.filter(imported_by=operation).count() == ROWS
    assert operation.done == operation.total == ROWS + AGAIN + 1
    report(scenario, "import, 3 kill -9", scenario.stop_half_way(), f"{ROWS:,} contacts, all once")


def prepared() -> Operation:
    lines = [f"user{number}@b.example,{number}" for number in range(ROWS)]
    text = "\n".join(["email,number", *lines, *lines[:AGAIN], "bad,1"]).encode()
    operation = OperationFactory(
        kind=OperationKind.IMPORT,
        owner=UserFactory(),
        title="list.csv",
        params=ImportSettings().to_params(),
    )
    files.store(operation, run.UPLOAD, "list.csv", [text], None)
    return operation


def done(operation: Operation) -> int:
    operation.refresh_from_db()
    return operation.done


def state(operation: Operation) -> str:
    operation.refresh_from_db()
    return operation.state
