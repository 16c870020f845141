"""django-q2's own pages: only that of what is queued, and only to be looked at, since a queued task
that is edited or deleted is a dispatcher or a launch that stops.

What is queued and what became of it are pickles, which run code when they are read: nothing here
reads them. Why background work failed stands on the page of what it was about.
"""

from __future__ import annotations

import django_q.admin  # noqa: F401  (registers its own, which would else be done later)
from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

from admin_kit.base import LedgerAdmin

COLUMNS = ("id", "key", "lock")

admin.site.unregister([Failure, OrmQ, Schedule, Success])
admin.site.register(OrmQ, LedgerAdmin, list_display=COLUMNS, fields=COLUMNS)
