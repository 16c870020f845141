"""django-q2's own pages, to be looked at only: whoever edits or deletes a queued task stops the
dispatcher that it is. Superusers find there why background work failed.
"""

from __future__ import annotations

from importlib import import_module

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

FINISHED = ("name", "func", "cluster", "started", "stopped", "result")
PAGES = {
    Failure: FINISHED,
    Success: FINISHED,
    OrmQ: ("id", "key", "name", "func", "lock"),
    Schedule: ("id", "name", "func", "schedule_type", "cluster", "next_run"),
}


def replace() -> None:
    import_module("django_q.admin")  # registers its own, which would else be done later
    from campaigns.admin.base import LedgerAdmin

    for model, columns in PAGES.items():
        newest = "-started" if columns == FINISHED else "-id"
        admin.site.unregister(model)
        admin.site.register(
            model, LedgerAdmin, list_display=columns, fields=columns, ordering=(newest,)
        )
