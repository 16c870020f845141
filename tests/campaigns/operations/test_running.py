"""Operations: started, run in pieces, cancelled, given up."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from campaigns import background
from campaigns.models import BackgroundJob, Operation, OperationState
from campaigns.operations import kinds, progress, running
from campaigns.operations.kinds import OperationProblem
from tests.concurrency import second_connection
from tests.factories import OperationFactory

pytestmark = pytest.mark.django_db(transaction=True)

KIND = "test"
PIECES = 3


def add_ten(operation: Operation) -> bool:
    operation.done += 10
    progress.save(operation)
    return operation.done < 10 * PIECES


def cancel_after_the_first(operation: Operation) -> bool:
    running.cancel(Operation.objects.get(pk=operation.pk))
    return add_ten(operation)


def find_a_problem(operation: Operation) -> bool:
    raise OperationProblem("The file is gone. Upload it again.")


def prepared(monkeypatch: pytest.MonkeyPatch, step: str) -> Operation:
    monkeypatch.setitem(kinds.STEPS, KIND, f"{__name__}.{step}")
    return OperationFactory(kind=KIND)


def run(operation: Operation) -> Operation:
    running.start(operation)
    running.run(operation.pk)
    operation.refresh_from_db()
    return operation


def test_an_operation_runs_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = run(prepared(monkeypatch, "add_ten"))
    assert (operation.state, operation.done) == (OperationState.DONE, 30)


def test_starting_asks_for_a_worker_once(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = prepared(monkeypatch, "add_ten")
    running.start(operation)
    running.start(operation)
    assert BackgroundJob.objects.get(kind=running.KIND).about == operation.pk


def test_a_problem_ends_it_with_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = run(prepared(monkeypatch, "find_a_problem"))
    assert operation.state == OperationState.FAILED
    assert operation.problem == "The file is gone. Upload it again."


def lock(operation: Operation) -> bool:
    """Waits a moment for an advisory lock."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '20ms'")
        cursor.execute("SELECT pg_advisory_xact_lock(1)")
    return False


def test_to_wait_for_other_work_is_not_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = prepared(monkeypatch, "lock")
    monkeypatch.setattr(running, "SLICE_SECONDS", 0.0)
    with second_connection() as other:
        other.set_autocommit(False)
        other.cursor().execute("SELECT pg_advisory_xact_lock(1)")
        run(operation)
        other.rollback()
    assert (operation.state, operation.problem) == (OperationState.RUNNING, str(running.WAITS))
    running.run(operation.pk)
    operation.refresh_from_db()
    assert (operation.state, operation.problem) == (OperationState.DONE, "")


def test_a_cancelled_operation_ends_after_its_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = run(prepared(monkeypatch, "cancel_after_the_first"))
    assert (operation.state, operation.done) == (OperationState.CANCELLED, 10)


def test_an_operation_that_has_not_begun_is_cancelled_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operation = prepared(monkeypatch, "add_ten")
    running.start(operation)
    assert running.cancel(operation)
    running.run(operation.pk)
    operation.refresh_from_db()
    assert (operation.state, operation.done) == (OperationState.CANCELLED, 0)


def test_what_has_ended_cannot_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = run(prepared(monkeypatch, "add_ten"))
    assert not running.cancel(operation)
    assert operation.state == OperationState.DONE


def test_a_slice_that_is_over_asks_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SLICE_SECONDS", -1.0)
    operation = run(prepared(monkeypatch, "add_ten"))
    assert (operation.state, operation.done) == (OperationState.RUNNING, 10)
    assert BackgroundJob.objects.filter(kind=running.KIND, about=operation.pk).exists()


def test_a_slice_goes_on_where_the_last_one_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = prepared(monkeypatch, "add_ten")
    Operation.objects.filter(pk=operation.pk).update(state=OperationState.RUNNING, done=20)
    running.run(operation.pk)
    operation.refresh_from_db()
    assert (operation.state, operation.done) == (OperationState.DONE, 30)


def test_one_that_is_given_up_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = prepared(monkeypatch, "add_ten")
    running.start(operation)
    Operation.objects.filter(pk=operation.pk).update(state=OperationState.RUNNING)
    job = BackgroundJob.objects.get(kind=running.KIND)
    job.reason = "It took too long."
    assert background.GIVE_UP[running.KIND](job)
    operation.refresh_from_db()
    assert operation.state == OperationState.FAILED
    assert "The last time: It took too long." in operation.problem


def test_every_kind_has_what_runs_it() -> None:
    assert set(kinds.STEPS) == {
        "import",
        "undo_import",
        "export",
        "change_contacts",
        "convert_attribute",
        "decide_doubts",
        "retry_failed",
        "renew_templates",
    }
