"""Start, run and cancel operations: the only code that writes `Operation.state`.

Every change of state is a guarded update. A worker runs an operation in slices, so that a long one
shares the workers with others; a killed slice is begun again by the background job.
"""

from __future__ import annotations

import time

from django.db import OperationalError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from psycopg.errors import DeadlockDetected, LockNotAvailable

from campaigns import background
from campaigns.models import BackgroundJob, Operation, OperationState
from campaigns.operations import held, progress
from campaigns.operations.kinds import OperationProblem, step_of
from signin.models import Profile
from signin.own.languages import language_of

KIND = "operation"
SLICE_SECONDS = 60.0
LIMIT_SECONDS = 600
"""For a slice: a piece that is begun within SLICE_SECONDS may take longer."""
WAITS = _(
    "It waits: other work holds the same rows, such as an import on the command line, which takes "
    "a whole file at once. It goes on by itself as soon as that has ended."
)
_HELD = (LockNotAvailable, DeadlockDetected)
GIVEN_UP = _("It was tried several times and did not end. The last time: %(reason)s")

S = OperationState


def start(operation: Operation) -> None:
    """Have a worker run a prepared operation, after this transaction. Does nothing to one that was
    started already."""
    if _move(operation, [S.PREPARING], S.QUEUED):
        ask_for_worker(operation.pk)


def record_done(operation: Operation) -> None:
    """Of a prepared operation that its maker carried out itself, in this transaction."""
    progress.save(operation)
    _move(operation, [S.PREPARING], S.DONE, started_at=F("created_at"), finished_at=Now())


def cancel(operation: Operation) -> bool:
    """End an operation after the piece that is being done. False when it has ended already."""
    if _move(operation, [S.PREPARING, S.QUEUED], S.CANCELLED, finished_at=Now()):
        return True
    return _move(operation, [S.RUNNING], S.CANCELLING)


@background.job(KIND, seconds=LIMIT_SECONDS)
def run(operation_id: int) -> None:
    """Run a slice of an operation. Runs in a worker; safe to repeat."""
    operation = Operation.objects.filter(pk=operation_id).first()
    if operation is None:
        return
    _move(operation, [S.QUEUED], S.RUNNING, started_at=Coalesce("started_at", Now()))
    until = time.monotonic() + SLICE_SECONDS
    try:
        while _goes_on(operation):
            background.progressed(KIND, operation_id)
            if time.monotonic() > until:
                ask_for_worker(operation_id)
                return
    finally:
        held.close()


def _goes_on(operation: Operation) -> bool:
    """Do a piece, or try to: to wait for other work's rows is not to fail. False when the operation
    has ended.
    """
    operation.refresh_from_db()
    if operation.state == S.CANCELLING:
        _move(operation, [S.CANCELLING], S.CANCELLED, problem="", finished_at=Now())
    if operation.state != S.RUNNING:
        return False
    try:
        with translation.override(_language_of(operation)):
            is_more = step_of(operation.kind)(operation)
        _say(operation, "")
    except OperationalError as error:
        if not isinstance(error.__cause__, _HELD):
            raise
        _say(operation, str(WAITS))
        return True
    except OperationProblem as error:
        _move(operation, [S.RUNNING, S.CANCELLING], S.FAILED, problem=str(error), finished_at=Now())
        return False
    if not is_more:
        _move(operation, [S.RUNNING, S.CANCELLING], S.DONE, finished_at=Now())
    return is_more


def _language_of(operation: Operation) -> str:
    """Of the person who asked for it: what it keeps of rows and problems is said to them."""
    profile = Profile.objects.filter(user=operation.requested_by_id or operation.owner_id).first()
    return language_of(profile.language if profile else "")


@background.when_given_up(KIND)
def _give_up(job: BackgroundJob) -> bool:
    problem = GIVEN_UP % {"reason": gettext(job.reason)}
    _open(job.about).update(state=S.FAILED, problem=problem, finished_at=Now())
    return True


def _open(operation_id: int) -> QuerySet[Operation]:
    open_states = [S.QUEUED, S.RUNNING, S.CANCELLING]
    return Operation.objects.filter(pk=operation_id, state__in=open_states)


def _say(operation: Operation, problem: str) -> None:
    if operation.problem != problem:
        _open(operation.pk).update(problem=problem)


def _move(operation: Operation, before: list[S], after: S, **values: object) -> bool:
    changed = Operation.objects.filter(pk=operation.pk, state__in=before)
    if not changed.update(state=after, **values):
        return False
    operation.refresh_from_db()
    return True


def ask_for_worker(operation_id: int) -> None:
    """After this transaction. Safe to repeat."""
    ask = background.ask
    transaction.on_commit(
        lambda: ask(
            KIND,
            operation_id,
            "campaigns.operations.running.run",
            name=f"operation:{operation_id}",
        )
    )
