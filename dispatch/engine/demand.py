"""What there is to send, as the agenda and the claims since have it, and how much of it each
service of this dispatcher may claim now.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Collection, Mapping, Set

from dispatch.claiming.agenda import Agenda
from dispatch.engine.service_loop import ServiceLoop

CLAIMS_PER_TICK = 192
"""Most SubTasks claimed in one tick, so that rendering them does not make other services late."""


class Demand:
    """Used by the coordinating thread only, with the loops that it keeps up to date."""

    def __init__(self, loops: Mapping[int, ServiceLoop]) -> None:
        self.agenda: Agenda | None = None
        self._loops = loops
        self._exhausted_tasks: Set[int] = frozenset()
        """Tasks in which a claim since the agenda was read found nothing more; the next agenda
        clears it.
        """
        self._in_doubt: Set[int] = frozenset()
        """Services that may have hand-overs in doubt to repeat: those of the agenda, but for those
        that have asked for a claim since.
        """

    def plan(self, agenda: Agenda) -> None:
        """Start from a new agenda."""
        self.agenda, self._exhausted_tasks, self._in_doubt = agenda, frozenset(), agenda.in_doubt

    def claimed(self, by: Set[int], exhausted_tasks: Set[int]) -> None:
        """These services have claimed, and of these tasks nothing is left. The next agenda knows
        of more.
        """
        self._exhausted_tasks |= exhausted_tasks
        self._in_doubt -= by

    @property
    def dispatchers(self) -> int:
        """How many share the work."""
        return self.agenda.dispatchers if self.agenda else 1

    def services(self, now: dt.datetime) -> set[int]:
        """The services for which there is something to send."""
        tasks = self.agenda.tasks.values() if self.agenda else ()
        working = {
            service_id
            for task in tasks
            if task.id not in self._exhausted_tasks and task.available_at <= now
            for service_id in task.service_ids
        }
        return (working | self._in_doubt) & self._loops.keys()

    def capacity(self, now: dt.datetime) -> dict[int, int]:
        """The services that may claim in this tick, and how much."""
        budget = CLAIMS_PER_TICK
        capacity: dict[int, int] = {}
        working = sorted(self.services(now))
        held = sum(self._loops[key].holds for key in working)
        fair_share = self._fair_share(working)
        for service_id in random.sample(working, len(working)):
            loop = self._loops[service_id]
            wanted = min(loop.capacity(), budget)
            if not wanted or not loop.may_claim(now):
                continue
            if loop.is_paced and not loop.holds:
                if held >= fair_share and not loop.is_left_alone(now):
                    continue
                held += 1
            capacity[service_id] = wanted
            budget -= wanted
        return capacity

    def leave_excess(self, now: dt.datetime) -> None:
        """Leave one service to the others where this dispatcher grants for more than its share."""
        working = self.services(now)
        held = [self._loops[key] for key in working if self._loops[key].holds]
        if len(held) > self._fair_share(working):
            max(held, key=lambda loop: loop.plan.limits.interval).leave_to_others(now)

    def _fair_share(self, working: Collection[int]) -> int:
        """How many of the paced services this dispatcher grants for while all are alive."""
        paced = sum(self._loops[key].is_paced for key in working)
        return math.ceil(paced / self.dispatchers)
