"""What maintenance does about operations."""

from __future__ import annotations

import datetime as dt

from django.db.models import BigIntegerField, Exists, OuterRef
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Now

from campaigns.models import BackgroundJob, Operation, OperationState, StoredFile
from campaigns.models.operation import ENDED_STATES, FILE_OF, OPEN_STATES
from campaigns.operations import files, running

KEEP_PREPARED = dt.timedelta(days=1)
STALLED = dt.timedelta(seconds=10)


def delete_expired_files() -> int:
    return files.delete_expired()


def delete_abandoned() -> None:
    """Delete what was prepared, with its files, and never started; and what else may have personal
    data and is of no use any more: dry runs of what is gone or imported, and files that cancelled
    or failed work has left behind.
    """
    old = Operation.objects.filter(created_at__lt=Now() - KEEP_PREPARED)
    old.filter(state=OperationState.PREPARING).delete()
    tried = Operation.objects.filter(pk=OuterRef("of"), state=OperationState.PREPARING)
    dry_runs = Operation.objects.filter(state__in=ENDED_STATES, params__has_key=FILE_OF)
    of = Cast(KT(f"params__{FILE_OF}"), BigIntegerField())
    dry_runs.alias(of=of).filter(~Exists(tried)).delete()
    StoredFile.objects.filter(operation__state__in=ENDED_STATES, expires_at=None).delete()


def requeue_stalled() -> int:
    """Ask for a worker for operations that have none. Returns how many."""
    asked = BackgroundJob.objects.filter(kind=running.KIND, set_aside_at=None).values("about")
    last = Coalesce("progressed_at", "started_at", "created_at")
    stalled = Operation.objects.filter(state__in=OPEN_STATES).alias(last=last)
    ids = stalled.filter(last__lt=Now() - STALLED).exclude(pk__in=asked).values_list("pk")
    found = [pk for (pk,) in ids]
    for pk in found:
        running.ask_for_worker(pk)
    return len(found)
