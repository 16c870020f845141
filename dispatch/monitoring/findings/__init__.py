"""What the figures mean, for people: each with a level, and a hint what to do when it looks bad.

The limits in these modules are where a person should look, not where something breaks.
"""

from __future__ import annotations

from collections.abc import Callable

from dispatch.monitoring.findings import state, surroundings, work
from dispatch.monitoring.findings.finding import Finding, Level
from dispatch.monitoring.snapshot import Snapshot

__all__ = ["Finding", "Level", "examine"]

CHECKS: tuple[Callable[[Snapshot], Finding], ...] = (
    state.dispatchers,
    work.sent,
    work.failed,
    state.waiting,
    state.services,
    state.in_doubt,
    work.punctuality,
    work.claiming,
    state.in_flight,
    work.unused,
    work.balance,
    work.lost_races,
    surroundings.transactions,
    surroundings.dead_rows,
    surroundings.background,
    state.launches,
    state.bounce_mailboxes,
)


def examine(now: Snapshot) -> list[Finding]:
    """All findings about a snapshot, in the order in which they are shown."""
    return [check(now) for check in CHECKS]
