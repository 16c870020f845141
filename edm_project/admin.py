"""django-q2's own admin pages are taken away: editing or deleting a queued task would stop a
dispatcher or a launch, and its columns say nothing to staff. The monitor shows what waits.

The queue and its results are pickles, which run code when they are read: nothing here reads them.
The pages of the objects concerned say why background work failed.
"""

from __future__ import annotations

import django_q.admin  # noqa: F401  (registers its own, which would else be done later)
from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

admin.site.unregister([Failure, OrmQ, Schedule, Success])
