"""An export whose process is killed goes on after its last piece, and has each row once."""

from __future__ import annotations

import signal
from collections import Counter

from django.db import connection

from campaigns.exports import asking, contacts, run
from campaigns.exports.asking import Export
from campaigns.models import BackgroundJob, Operation, OperationState
from campaigns.operations import files, running
from tests.factories import UserFactory
from tests.faults.conftest import ScenarioReport
from tests.faults.harness import Scenario
from tests.faults.programs import send, wait_until

ROWS = 45_000
PATIENCE_SECONDS = 100.0
MAKE_SQL = """
INSERT INTO campaigns_contact (owner_id, email, name, attributes)
SELECT %s, 'c' || n || '@b.example', 'Contact ' || n, jsonb_build_object('number', n)
FROM generate_series(1, %s) AS n
"""


def test_kill_9_loses_and_doubles_no_row_of_an_export(
    scenario: Scenario, report: ScenarioReport
) -> None:
    operation = started()
    scenario.start_clusters(1)
    wait_until(lambda: now(operation).done, PATIENCE_SECONDS, "a piece was written")
    killed = writer(operation)
    send(killed, signal.SIGKILL)
    wait_until(lambda: writer(operation) != killed, PATIENCE_SECONDS, "the kill was noticed")
    done_before = now(operation).done
    assert run.PIECE <= done_before < ROWS
    assert now(operation).state == OperationState.RUNNING
    wait_until(lambda: writer(operation), PATIENCE_SECONDS, "another process goes on")
    assert now(operation).done >= done_before
    done = OperationState.DONE
    wait_until(lambda: now(operation).state == done, PATIENCE_SECONDS, "it is done")

    assert addresses(operation) == Counter(f"c{n}@b.example" for n in range(1, ROWS + 1))
    assert operation.result == {"rows": ROWS}
    assert [each.role for each in operation.files.all()] == [run.DOWNLOAD]
    report(scenario, "export, kill -9", scenario.stop_half_way(), f"{ROWS:,} rows, all once")


def started() -> Operation:
    owner = UserFactory(is_superuser=True)
    with connection.cursor() as cursor:
        cursor.execute(MAKE_SQL, [owner.pk, ROWS])
    return asking.start(Export(owner, contacts.NAME, "csv", {}, "all contacts"))


def now(operation: Operation) -> Operation:
    operation.refresh_from_db()
    return operation


def writer(operation: Operation) -> int:
    """The process that runs it at this moment; 0 when none does."""
    jobs = BackgroundJob.objects.filter(kind=running.KIND, about=operation.pk)
    return jobs.exclude(started_at=None).values_list("pid", flat=True).first() or 0


def addresses(operation: Operation) -> Counter[str]:
    file = operation.files.get(role=run.DOWNLOAD)
    lines = b"".join(files.parts_of(file)).decode("utf-8-sig").splitlines()
    return Counter(line.partition(",")[0] for line in lines[1:])
