"""django-q2's own pages are taken out of the admin: whoever edits or deletes a queued task there
stops the dispatcher that it is, and they break on odd addresses. The monitor shows the queue.
"""

from __future__ import annotations

from importlib import import_module

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success


def take_out() -> None:
    import_module("django_q.admin")  # registers them, which would else be done later
    admin.site.unregister((Failure, OrmQ, Schedule, Success))
