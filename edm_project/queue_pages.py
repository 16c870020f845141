"""django-q2's own pages: only that of what is queued, and only to be looked at, since a queued task
that is edited or deleted is a dispatcher or a launch that stops.

What is queued and what became of it are pickles, which run code when they are read: nothing here
reads them. Why background work failed stands on the page of what it was about.
"""

from __future__ import annotations

from importlib import import_module

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

COLUMNS = ("id", "key", "lock")


def replace() -> None:
    import_module("django_q.admin")  # registers its own, which would else be done later
    from admin_kit.base import LedgerAdmin

    admin.site.unregister([Failure, OrmQ, Schedule, Success])
    admin.site.register(OrmQ, LedgerAdmin, list_display=COLUMNS, fields=COLUMNS)
