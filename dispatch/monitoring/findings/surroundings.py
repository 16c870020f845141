"""Findings about the database, and about django-q2's queue of background work."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext

from admin_kit.words.numbers import number
from dispatch.monitoring.database import Table
from dispatch.monitoring.findings.finding import Finding, Level, level_of
from dispatch.monitoring.snapshot import Snapshot
from dispatch.monitoring.words import duration

MANY_DEAD_ROWS = 20_000
"""Fewer are nothing to clean up."""


def transactions(now: Snapshot) -> Finding:
    title = gettext("Longest transaction")
    others = now.transactions
    level = level_of(others.longest_seconds, 30, 300)
    if not others.open:
        return Finding(title, "–", Level.GOOD, gettext("No other session has a transaction open."))
    hint = gettext("%(open)s open, %(idle)s of them waiting for their client.") % {
        "open": number(others.open),
        "idle": number(others.idle),
    }
    if level > Level.GOOD:
        hint += gettext(
            " While it is open, no dead row is cleaned up and claims become slower. Find it in "
            "pg_stat_activity; a backup or the audit may be it."
        )
    return Finding(title, duration(others.longest_seconds), level, hint)


def dead_rows(now: Snapshot) -> Finding:
    title = gettext("Dead rows")
    worst = max(now.tables, key=_dead_share, default=None)
    total = sum(table.dead_rows for table in now.tables)
    level = level_of(_dead_share(worst), 0.2, 1.0) if worst else Level.GOOD
    hint = gettext("Old versions of rows in the busy tables, which autovacuum cleans up.")
    if worst and level > Level.GOOD:
        hint = gettext(
            "%(name)s has %(dead_rows)s for %(live_rows)s living ones. Is there a "
            "long transaction, or is autovacuum off or too slow?"
        ) % {
            "name": worst.name,
            "dead_rows": number(worst.dead_rows),
            "live_rows": number(worst.live_rows),
        }
    return Finding(title, f"{total:,}", level, hint)


def _dead_share(table: Table) -> float:
    """Dead rows for each living one; few do not count."""
    if table.dead_rows < MANY_DEAD_ROWS:
        return 0.0
    return table.dead_rows / max(1, table.live_rows)


def background(now: Snapshot) -> Finding:
    title = gettext("Background work")
    waiting, taken = now.background.waiting, now.background.taken
    level = level_of(waiting, 10, 100)
    hint = ngettext(
        "%(count)s task of django-q2 with a worker; a dispatcher is one.",
        "%(count)s tasks of django-q2 with a worker; a dispatcher is one.",
        taken,
    ) % {"count": number(taken)}
    if level > Level.GOOD:
        hint += gettext(" Many wait: no cluster is running, or all its workers are busy.")
    return Finding(
        title, gettext("%(waiting)s waiting") % {"waiting": number(waiting)}, level, hint
    )
