"""The history entries that a member of staff may read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet

from access.ownership import SEE_EVERYTHING

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


def visible_entries(entries: QuerySet[Any], user: User | AnonymousUser) -> QuerySet[LogEntry]:
    """The user's own entries; all for users who may see everything. Entries about accounts require
    permission to see accounts."""
    if not user.has_perm("auth.view_user"):
        entries = entries.exclude(content_type__app_label__in=("access", "auth"))
    return entries if user.has_perm(SEE_EVERYTHING) else entries.filter(user=user.pk)
