"""What maintenance does about operations."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from campaigns.models import BackgroundJob, Contact, Operation, OperationState, StoredFile
from campaigns.operations import cleaning, files, running
from dispatch.process import maintenance
from tests.factories import ContactFactory, OperationFactory

pytestmark = pytest.mark.django_db
A_MINUTE_AGO = timezone.now() - dt.timedelta(minutes=1)


def test_an_expired_file_is_deleted_and_one_that_is_kept_stays() -> None:
    operation = OperationFactory()
    files.store(operation, "download", "a.csv", [b"x"], dt.timedelta(days=-1))
    kept = files.store(operation, "other", "b.csv", [b"x"], dt.timedelta(days=1))
    cleaning.delete_expired_files()
    assert list(StoredFile.objects.values_list("pk", flat=True)) == [kept.pk]


def test_what_was_prepared_and_never_started_is_deleted_after_a_day() -> None:
    two_days_ago = timezone.now() - dt.timedelta(days=2)
    old = OperationFactory(created_at=two_days_ago)
    files.store(old, "upload", "a.csv", [b"x"], None)
    fresh, done = OperationFactory(), OperationFactory(created_at=two_days_ago, state="done")
    cleaning.delete_abandoned()
    assert set(Operation.objects.all()) == {fresh, done}


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_a_file_that_ended_work_has_left_behind_is_deleted(state: str) -> None:
    ended, running_now = OperationFactory(state=state), OperationFactory(state="running")
    for operation in (ended, running_now):
        files.store(operation, "upload", "a.csv", [b"x"], None)
    kept = files.store(ended, "rejected", "b.csv", [b"x"], dt.timedelta(days=1))
    cleaning.delete_abandoned()
    left = set(StoredFile.objects.values_list("pk", flat=True))
    assert left == {kept.pk, running_now.files.get().pk}


def test_a_dry_run_goes_with_what_it_tried() -> None:
    prepared, imported = OperationFactory(), OperationFactory(state="done")
    tried = [
        OperationFactory(state=state, params={"dry_run": True, "file_of": of})
        for of, state in (
            (prepared.pk, "done"),
            (imported.pk, "running"),
            (imported.pk, "cancelled"),
            (prepared.pk + 1_000, "failed"),
        )
    ]
    cleaning.delete_abandoned()
    assert set(Operation.objects.all()) == {prepared, imported, *tried[:2]}


def test_a_contact_stays_when_the_operation_that_made_it_is_deleted() -> None:
    old = OperationFactory(created_at=timezone.now() - dt.timedelta(days=2))
    contact = ContactFactory(imported_by=old)
    cleaning.delete_abandoned()
    assert Contact.objects.get().pk == contact.pk


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", ["queued", "running", "cancelling"])
def test_an_operation_whose_worker_is_lost_gets_another_once(state: str) -> None:
    operation = OperationFactory(state=state, created_at=A_MINUTE_AGO)
    assert cleaning.requeue_stalled() == 1
    job = BackgroundJob.objects.get()
    assert (job.kind, job.about) == (running.KIND, operation.pk)
    assert cleaning.requeue_stalled() == 0


@pytest.mark.parametrize(
    "state, progressed_at",
    [
        (OperationState.PREPARING, A_MINUTE_AGO),
        (OperationState.DONE, A_MINUTE_AGO),
        (OperationState.RUNNING, None),
    ],
)
def test_no_worker_is_asked_for_what_has_not_begun_has_ended_or_progressed_just_now(
    state: str, progressed_at: dt.datetime | None
) -> None:
    at = progressed_at or timezone.now()
    OperationFactory(state=state, created_at=A_MINUTE_AGO, progressed_at=at)
    assert cleaning.requeue_stalled() == 0


def test_maintenance_does_all_of_it() -> None:
    chores = {
        cleaning.delete_expired_files,
        cleaning.delete_abandoned,
        cleaning.requeue_stalled,
    }
    assert chores <= set(maintenance.CHORES)
