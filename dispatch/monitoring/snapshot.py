"""Everything that is watched, read at one time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from campaigns.models import Launch
from dispatch.claiming import agenda as agendas
from dispatch.lease_terms import LEASE_SECONDS
from dispatch.models import BounceMailbox
from dispatch.monitoring import activity, database, queues, services
from dispatch.monitoring.activity import CountsNow, Living, Period
from dispatch.monitoring.database import Table, Transactions
from dispatch.monitoring.queues import BackgroundWork, InFlight, TaskReading
from dispatch.monitoring.services import ServiceReading
from tracking import rejected_requests


@dataclass(frozen=True, slots=True)
class Snapshot:
    counts: CountsNow
    minute: Period | None
    """None until maintenance has run for half a minute."""
    services: list[ServiceReading]
    tasks: list[TaskReading]
    launches: list[Launch]
    oldest_in_flight: InFlight | None
    background: BackgroundWork
    transactions: Transactions
    tables: list[Table]
    rejected_requests: dict[tuple[str, str], int]
    """Requests that were rejected, by endpoint and reason."""
    mailboxes: Sequence[BounceMailbox] = ()
    feedback: Mapping[str, int] = field(default_factory=dict)
    """What came back about messages, by kind of event."""
    suppressed: int = 0
    """Entries of the suppression list: exact while there are few, else as PostgreSQL estimates."""

    @property
    def at(self) -> dt.datetime:
        """The database's time."""
        return self.counts.at

    def seconds_since(self, moment: dt.datetime) -> float:
        """Never negative: the moment may be newer than this snapshot."""
        return max(0.0, (self.at - moment).total_seconds())

    @property
    def alive(self) -> list[Living]:
        """The dispatchers whose lease holds."""
        return [
            each
            for each in self.counts.dispatchers
            if self.seconds_since(each.heartbeat_at) < LEASE_SECONDS
        ]

    @property
    def oldest_waiting(self) -> TaskReading | None:
        """The task whose first SubTask could have been sent for longest."""
        waiting = [task for task in self.tasks if task.waiting_since is not None]
        return min(waiting, key=lambda task: task.waiting_since or self.at, default=None)


def take() -> Snapshot:
    """Read it all. About twenty short queries; none of them counts SubTasks or attempts."""
    counts = activity.read_counts()
    agenda = agendas.read()
    return Snapshot(
        counts=counts,
        minute=activity.last_minute(counts),
        services=services.read(counts, agenda),
        tasks=queues.open_tasks(counts.at, agenda),
        launches=list(queues.launches()),
        oldest_in_flight=queues.oldest_in_flight(),
        background=queues.background_work(),
        transactions=database.transactions(),
        tables=database.hot_tables(),
        rejected_requests=rejected_requests.totals(),
        mailboxes=list(BounceMailbox.objects.filter(enabled=True).select_related("service")),
        feedback=queues.feedback(),
        suppressed=database.suppressed(),
    )
